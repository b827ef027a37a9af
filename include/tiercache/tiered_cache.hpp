// TieredCache: the whole public interface, to be read from top to bottom. What a tier declares is in tier.hpp, what a
// fetcher may be in fetcher.hpp, what get_or_fetch returns in lookup.hpp. The work is done in detail/store.hpp.
#pragma once

#include <tiercache/bulk_lookup.hpp>
#include <tiercache/cache_entry.hpp>
#include <tiercache/cascade.hpp>
#include <tiercache/config.hpp>
#include <tiercache/detail/config_traits.hpp>
#include <tiercache/detail/fetching.hpp>
#include <tiercache/detail/functions.hpp>
#include <tiercache/detail/invalidation.hpp>
#include <tiercache/detail/key.hpp>
#include <tiercache/detail/loader.hpp>
#include <tiercache/detail/reference.hpp>
#include <tiercache/detail/removals.hpp>
#include <tiercache/detail/store.hpp>
#include <tiercache/detail/stores.hpp>
#include <tiercache/detail/tier_list.hpp>
#include <tiercache/fetcher.hpp>
#include <tiercache/lookup.hpp>
#include <tiercache/policy_override.hpp>
#include <tiercache/removal_cause.hpp>
#include <tiercache/tier.hpp>
#include <tiercache/tier_stats.hpp>
#include <tiercache/write.hpp>

#include <cstddef>
#include <optional>
#include <type_traits>
#include <utility>

namespace tiercache {
/// Keeps fetched things in memory, in tiers: kinds of things, each a type that derives from `Tier`, with its own key,
/// value and rules. `TieredCache` and `LocalTieredCache` are this with a configuration.
///
/// Every call names its tier as a template argument; calls for an `Unkeyed` tier leave the key argument out. `Config`
/// has two types: `clock` (see `Clock`) and `threading` (`MultiThreaded` or `SingleThreaded`).
///
/// **Keys.** Wherever a key is taken, anything will do that converts to it, and anything that can be hashed and
/// compared in its place: `std::string_view` and `const char*` for `std::string`. No key object is built unless one is
/// stored.
///
/// **Threads.** With `MultiThreaded` all calls but construction and destruction may come from all threads at once. No
/// lock is held while a fetcher, a listener, a value's destructor or a resumed coroutine runs: all may call the cache.
/// Under a lock run only the hash and the comparison of keys, `weigh`, copies and moves of values, and the functions
/// given to `visit` and `invalidate_if`: these must not call the cache. If one of them throws, the call has changed
/// nothing and passes the exception on. Several threads may read one value at once, each as const; who writes waits for
/// them, so reading should be quick.
///
/// **Memory.** A tier grows with what it holds. What keys and values own is freed when they leave; the places that they
/// were in are kept for others until the cache is destroyed. So the calls that go through a whole tier take time linear
/// in the most entries that it ever held, not in those that it holds: `invalidate<T>()`, `invalidate_if`, `clear`,
/// `trim`, `purge_expired`, `set_policy`, and the destructor.
///
/// **Lifetime.** Nothing returned refers into the cache. The destructor forgets all entries, without telling listeners;
/// fetches under way end for those who wait for them and store nothing. It must not run at the same time as another
/// call.
template <class Config, class... Tiers>
class BasicTieredCache {
  static_assert(sizeof...(Tiers) > 0, "tiercache: a cache needs at least one tier: TieredCache<Cards>");
  static_assert((detail::is_valid_tier<Tiers>() && ...));
  static_assert(detail::are_distinct<Tiers...>(),
                "tiercache: a tier is named twice; declare a type for each kind of thing");
  static_assert((detail::is_valid_cascade<Tiers, Tiers...>() && ...));

  template <class T>
  using Key = typename detail::TypesOf<T>::key_type;
  template <class T>
  using Value = typename detail::TypesOf<T>::value_type;
  template <class T>
  using Store = detail::Store<detail::UsableConfig<Config>, T>;
  using Threading = typename detail::UsableConfig<Config>::threading;
  using Stores = detail::Stores<detail::UsableConfig<Config>, Tiers...>;

 public:
  /// Makes an empty cache, with the tiers' own policies but for those given with `with<T>(policy)`. Allocates about
  /// a kilobyte a tier, whatever its capacity.
  template <class... Overridden>
  explicit(sizeof...(Overridden) > 0) BasicTieredCache(const PolicyOverride<Overridden>&... overrides)
      : stores_(overrides...) {
    static_assert((detail::is_one_of<Overridden, Tiers...> && ...),
                  "tiercache: with<T> names a tier that this cache does not have; add it to its template arguments");
    static_assert(detail::are_distinct<Overridden...>(),
                  "tiercache: with<T> is given twice for one tier; give one policy for each");
  }
  BasicTieredCache(const BasicTieredCache&) = delete;
  BasicTieredCache& operator=(const BasicTieredCache&) = delete;

  /// Forgets all entries, without telling listeners. Fetches under way end for those who wait, and store nothing; it
  /// does not block on them.
  ~BasicTieredCache() { (store<Tiers>().close(), ...); }

  // Reading.

  /// Returns a copy of the fresh value of `key`, or nothing. Counts a lookup and a hit or a miss; "there is none",
  /// where that is remembered, is a hit that returns nothing. Constant time; allocates nothing of its own.
  template <class T, class K = Key<T>>
  [[nodiscard]] std::optional<Value<T>> get(const K& key) {
    static_assert(
        std::is_copy_constructible_v<Value<T>>,
        "tiercache: get returns a copy, and this tier's Value cannot be copied: make it std::shared_ptr<const T>, "
        "or read it in place with visit<T>(key, function)");
    std::optional<Value<T>> copy;
    store<T>().read(detail::keep_key<T, const K&>(key), [&copy](const Value<T>& value) { copy.emplace(value); });
    return copy;
  }
  /// `get` for an `Unkeyed` tier.
  template <class T>
  [[nodiscard]] std::optional<Value<T>> get() {
    return get<T>(no_key<T>());
  }

  /// Returns a copy of what is held under `key`, past its deadline or not, with its times; nothing if there is nothing.
  /// Counts nothing and does not matter to eviction. Constant time.
  template <class T, class K = Key<T>>
  [[nodiscard]] std::optional<CacheEntry<Value<T>>> peek(const K& key) const {
    static_assert(
        std::is_copy_constructible_v<Value<T>>,
        "tiercache: peek returns a copy, and this tier's Value cannot be copied: make it std::shared_ptr<const "
        "T>, or read it in place with visit<T>(key, function)");
    return store<T>().peek(detail::keep_key<T, const K&>(key));
  }
  /// `peek` for an `Unkeyed` tier.
  template <class T>
  [[nodiscard]] std::optional<CacheEntry<Value<T>>> peek() const {
    return peek<T>(no_key<T>());
  }

  /// Runs `function(const Value&)` on the fresh value of `key` in place; tells whether there was one. Counts as `get`
  /// does, once the function has returned. The function runs under the tier's lock: it must not call the cache, and
  /// nobody else can write to the tier meanwhile, or, with some eviction policies, read from it.
  template <class T, class K = Key<T>, class F>
  bool visit(const K& key, F&& function) {
    return store<T>().read(detail::keep_key<T, const K&>(key),
                           [&function](const Value<T>& value) { detail::call_visitor<T>(function, value); });
  }
  /// `visit` for an `Unkeyed` tier.
  template <class T, class F>
  bool visit(F&& function) {
    return visit<T>(no_key<T>(), function);
  }

  // Fetching.

  /// Returns a lookup of `key` that fetches what is not there: `co_await` it, or call its `get()`. See `Lookup` for
  /// lifetimes and for where it resumes, `fetcher.hpp` for what a fetcher may be.
  ///
  /// A fresh value is a hit. Otherwise it is a miss: if nobody fetches the key yet, this one's fetcher is run and its
  /// value stored; else it waits for the fetch that is under way. An exception goes to everybody who waits, and nothing
  /// is stored. A value whose fetch began before an invalidation or a `put` of its key goes to those who waited for it
  /// already, and is not stored. Its TTL counts from the start of its fetch.
  ///
  /// Where the policy says that a value is of use after its TTL, a stale one is a hit while one fetch gets a new one,
  /// and an old one is handed out in place of a failure; see `TierPolicy`.
  ///
  /// Who waited is resumed inline by the thread on which the fetch ended, or where `resume_on` or the promise says; see
  /// `Lookup`. Whoever did not have to wait goes on.
  ///
  /// Throws what the fetcher throws; `recursive_fetch` if the fetch of a key asks for that key; `fetch_abandoned` if
  /// the fetch was dropped by whatever was to run it. A fetch that asks for its own key only after it was suspended by
  /// something that is not this cache, or through the fetch of another key that was suspended, cannot be recognised: it
  /// waits for itself. A coroutine of somebody else's that the fetch resumes inline, before it is first suspended, is
  /// taken for a part of it.
  ///
  /// Allocates nothing on a hit, nor to wait; on a miss the frame of one coroutine if the fetcher is awaitable, and,
  /// while the tier still grows, now and then a chunk of entries or a part of the index.
  template <class T, class K = Key<T>, class F>
  auto get_or_fetch(K&& key, F&& fetcher) {
    return Lookup<Store<T>, detail::KeptKey<T, K>, F>(store<T>(), detail::keep_key<T, K>(std::forward<K>(key)),
                                                      std::forward<F>(fetcher));
  }
  /// `get_or_fetch` for an `Unkeyed` tier.
  template <class T, class F>
  auto get_or_fetch(F&& fetcher) {
    return get_or_fetch<T>(no_key<T>(), std::forward<F>(fetcher));
  }

  /// Returns a lookup of many keys that fetches those which are not there by one call, `fetcher(missing)`: `co_await`
  /// it, or call its `get()`. It yields a `std::vector` with one `std::optional<Value>` per key, in the order asked.
  /// `keys` is any range of keys; see `BulkLookup` for what the fetcher is given and may return.
  ///
  /// Each key is a lookup, and counts as one. All that `get_or_fetch` says of one key holds for each.
  template <class T, class Keys, class F>
  auto get_or_fetch_many(Keys&& keys, F&& fetcher) {
    if constexpr (detail::are_keys<T, std::remove_reference_t<Keys>>()) {
      return BulkLookup<Store<T>, Keys, F>(store<T>(), std::forward<Keys>(keys), std::forward<F>(fetcher));
    } else {
      return detail::refused<BulkLookup<Store<T>, detail::AnyKeys<T>, detail::AnyBulkFetcher<T>>>();
    }
  }

  /// Binds a loader to the tier: a fetcher that belongs to the cache, as `owned` ones do, for all lookups that give
  /// none. Replaces the one before; fetches that run go on with theirs.
  ///
  /// It is called as const, by several threads at once if the cache is, and answers with a `Value` or a `CacheEntry`.
  /// It lives until it is replaced and its last fetch has ended, at least as long as the cache.
  template <class T, class F>
  void set_loader(F&& fetcher) {
    using Control = typename Store<T>::Control;
    using Loader = detail::LoaderOf<Control, std::decay_t<F>>;
    store<T>().set_loader(detail::Reference<detail::Loader<Control>>::adopt(new Loader(std::forward<F>(fetcher))));
  }
  /// Returns a lookup of `key` that has the tier's loader fetch what is not there. It yields a `Value`; it throws
  /// `std::invalid_argument` if it misses and there is no loader.
  template <class T, class K = Key<T>>
    requires(detail::Keyed<T> && !detail::is_fetcher_without_key<T, K>())
  auto get_or_fetch(K&& key) {
    return get_or_fetch<T>(std::forward<K>(key), detail::FromLoader());
  }
  /// The same for an `Unkeyed` tier.
  template <class T>
  auto get_or_fetch() {
    return get_or_fetch<T>(no_key<T>(), detail::FromLoader());
  }

  // Writing.

  /// Stores `value` under `key`, for the tier's TTL from now; or, if `value` is a `CacheEntry`, for its own, if that is
  /// set, counted from its `stored_at`, if that is. A fetch of the key that is under way will not replace it. Counts an
  /// insert, or an update if there was a fresh value. Throws what building the key and the value throws; then nothing
  /// has changed. Constant time, but for what has to be evicted.
  template <class T, class K = Key<T>, class V = Value<T>>
    requires detail::Keyed<T>
  void put(K&& key, V&& value) {
    put_payload<T>(std::forward<K>(key), std::forward<V>(value));
  }
  /// Stores `value` under `key` for `ttl` from now.
  template <class T, class K = Key<T>, class V = Value<T>>
  void put(K&& key, V&& value, Ttl ttl) {
    put_value<T>(std::forward<K>(key), std::forward<V>(value), ttl, TimePoint{});
  }
  /// `put` for an `Unkeyed` tier.
  template <class T, class V = Value<T>>
  void put(V&& value) {
    put_payload<T>(no_key<T>(), std::forward<V>(value));
  }
  /// `put` with a TTL for an `Unkeyed` tier.
  template <class T, class V = Value<T>>
    requires(!detail::Keyed<T>)
  void put(V&& value, Ttl ttl) {
    put_value<T>(no_key<T>(), std::forward<V>(value), ttl, TimePoint{});
  }
  /// Does not compile: an `Unkeyed` tier takes no key.
  template <class T, class K, class V>
    requires(!detail::Keyed<T> && !std::is_convertible_v<V, Ttl>)
  void put(K&& key, V&& value) {
    put_payload<T>(std::forward<K>(key), std::forward<V>(value));
  }

  // Forgetting. No call that starts after one of these has returned sees a value whose fetch began before it.

  /// Drops the entry of `key`, fresh or not, and what the tier's cascade says; returns how many entries were dropped.
  /// Counts invalidations.
  template <class T, class K = Key<T>>
  std::size_t invalidate(const K& key) {
    return invalidation().template key<T>(detail::keep_key<T, const K&>(key));
  }
  /// Drops all entries of the tier; returns how many. Linear in the most entries that it ever held.
  template <class T>
  std::size_t invalidate() {
    return invalidation().template whole<T>();
  }
  /// Drops the entries for which `is_meant(key, value)` holds (`is_meant(value)` for an `Unkeyed` tier); returns how
  /// many.
  ///
  /// What the tier remembers not to exist is dropped as well, and what is being fetched will not be stored: either
  /// might be meant. The predicate runs under the tier's lock and must not call the cache; what it throws changes
  /// nothing. Linear in the most entries that the tier ever held.
  template <class T, class Predicate>
  std::size_t invalidate_if(Predicate&& is_meant) {
    const auto is_entry_meant = [&is_meant](const Key<T>& key, const Value<T>& value) {
      return detail::call_predicate<T>(is_meant, key, value);
    };
    return invalidation().template where<T>(is_entry_meant);
  }
  /// Drops all entries of all tiers; returns how many. Tier by tier: to another thread one may be empty before the
  /// next.
  std::size_t clear() { return (clear_one<Tiers>() + ...); }

  /// Returns a write of what `key` stands for: `co_await cache.write<Cards>(id, operation)` invalidates the key, calls
  /// `operation()`, awaits what that gives if it can be awaited, and invalidates again: a fetch that overlaps it is not
  /// stored. It yields what the operation yields; if that throws, the invalidation still stands. See `Write`.
  template <class T, class K = Key<T>, class Operation>
  auto write(const K& key, Operation&& operation) {
    using Invalidation = detail::KeyInvalidation<T, Stores>;
    return Write<Invalidation, Operation>(
        Invalidation(stores_, detail::make_key<T>(detail::keep_key<T, const K&>(key))),
        std::forward<Operation>(operation));
  }
  /// `write` for an `Unkeyed` tier.
  template <class T, class Operation>
  auto write(Operation&& operation) {
    return write<T>(no_key<T>(), std::forward<Operation>(operation));
  }

  // Upkeep.

  /// Drops the entries written longest ago until at most `count` are left; returns how many were dropped. Counts
  /// evictions. Linear in the most entries that the tier ever held, beside sorting those that go.
  template <class T>
  std::size_t trim(std::size_t count) {
    return store<T>().trim(count);
  }
  /// Drops the entries of the tier that are past their deadline; returns how many. Never needed: they are never used,
  /// writes drop a few at a time, and the bounds hold with them. Linear in the most entries that the tier ever held.
  template <class T>
  std::size_t purge_expired() {
    return store<T>().purge_expired();
  }
  /// Drops the entries of all tiers that are past their deadline; returns how many.
  std::size_t purge_expired() { return (store<Tiers>().purge_expired() + ...); }

  /// Returns how many entries the tier holds, those past their deadline and not yet dropped included.
  template <class T>
  [[nodiscard]] std::size_t size() const {
    return store<T>().size();
  }

  /// Returns the policy that the tier follows now.
  template <class T>
  [[nodiscard]] TierPolicy policy() const {
    return store<T>().policy();
  }
  /// Makes the tier follow `policy` at once, all of it: what is above the new bounds is evicted, and what is held lives
  /// for the new TTL from when it was stored, unless it has a TTL of its own. What is past its old TTL does not come
  /// back; but what is held beyond that, for `stale_for` or `stale_if_error`, is held. Where a fetch has failed, the
  /// pause of the old `retry_after` goes on. Throws `std::invalid_argument`, naming the field, if the policy
  /// contradicts itself; then nothing has changed. Linear in the most entries that the tier ever held.
  template <class T>
  void set_policy(const TierPolicy& policy) {
    store<T>().set_policy(with<T>(policy).policy);
  }

  /// Returns the statistics of one tier, consistent in themselves.
  template <class T>
  [[nodiscard]] TierStats stats() const {
    return store<T>().stats();
  }
  /// Returns the statistics of all tiers, in the order of the cache's template arguments.
  [[nodiscard]] CacheStats stats() const { return CacheStats{{store<Tiers>().stats()...}}; }
  /// Sets the counters of all tiers to zero; levels (entries, weight, fetches under way) stay.
  void reset_stats() { (store<Tiers>().reset_stats(), ...); }

  /// Has `function(key, value, cause)` (`function(value, cause)` for an `Unkeyed` tier) called after an entry left the
  /// tier, in place of the listener set before; `nullptr` for none.
  ///
  /// It is called once for each entry with a value, by the thread whose call dropped it, after that call has done its
  /// work and with no lock held: it may call the cache. Several threads may call it at once, and calls for one key may
  /// overtake each other. What it throws is ignored. The function is kept in the cache, and until its last call ended.
  template <class T, class F>
  void on_removal(F&& function) {
    using Listener = detail::Listener<T, Threading>;
    detail::Reference<Listener> listener;
    if constexpr (detail::is_listener<T, std::decay_t<F>>()) {
      using Function = detail::ListenerOf<T, Threading, std::decay_t<F>>;
      listener = detail::Reference<Listener>::adopt(new Function(std::in_place, std::forward<F>(function)));
    }
    store<T>().set_listener(std::move(listener));
  }

 private:
  template <class T>
  friend struct detail::StoreOf;

  template <class T>
  [[nodiscard]] Store<T>& store() const {
    return stores_.template of<T>();
  }

  [[nodiscard]] detail::Invalidation<Stores> invalidation() const noexcept {
    return detail::Invalidation<Stores>(stores_);
  }
  template <class T>
  std::size_t clear_one() {
    typename Store<T>::Removals removals;
    return store<T>().invalidate_all(RemovalCause::Cleared, removals);
  }

  template <class T>
  [[nodiscard]] static auto no_key() {
    static_assert(detail::is_unkeyed<T> || !detail::is_one_of<T, Tiers...>,
                  "tiercache: this tier has keys: give one before the other arguments");
    if constexpr (detail::is_unkeyed<T>) return Unkeyed{};
    if constexpr (!detail::is_unkeyed<T>) return detail::refused<Key<T>>();
  }

  template <class T, class K, class V>
  void put_payload(K&& key, V&& value) {
    if constexpr (detail::EntryFor<V, Value<T>>) {
      const std::optional<Ttl> own_ttl = detail::own_ttl_of(value.ttl);
      const TimePoint stored_at = value.stored_at;
      put_value<T>(std::forward<K>(key), std::forward<V>(value).value, own_ttl, stored_at);
    } else {
      put_value<T>(std::forward<K>(key), std::forward<V>(value), std::nullopt, TimePoint{});
    }
  }

  template <class T, class K, class V>
  void put_value(K&& key, V&& value, std::optional<Ttl> ttl, TimePoint stored_at) {
    static_assert(
        detail::StorableAs<V, Value<T>>,
        "tiercache: this is no value of the tier: put takes its Value, what converts to it, or a CacheEntry of it");
    if constexpr (detail::StorableAs<V, Value<T>>) {
      store<T>().put(detail::keep_key<T, K>(std::forward<K>(key)), detail::to_value<Value<T>>(std::forward<V>(value)),
                     ttl, stored_at);
    }
  }

  Stores stores_;
};

/// The cache that is safe from many threads.
template <class... Tiers>
using TieredCache = BasicTieredCache<DefaultConfig, Tiers...>;

/// The cache for one thread or one strand: the same with no locks and no atomics.
template <class... Tiers>
using LocalTieredCache = BasicTieredCache<LocalConfig, Tiers...>;

}  // namespace tiercache
