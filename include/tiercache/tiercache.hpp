// Everything of tiercache but the opt-in headers: <tiercache/asio.hpp>, <tiercache/fmt.hpp> and
// <tiercache/testing.hpp>.
#pragma once

#include <tiercache/adaptive_clock.hpp>
#include <tiercache/bulk_lookup.hpp>
#include <tiercache/cache_entry.hpp>
#include <tiercache/cascade.hpp>
#include <tiercache/clock.hpp>
#include <tiercache/config.hpp>
#include <tiercache/error.hpp>
#include <tiercache/eviction.hpp>
#include <tiercache/fetch_runner.hpp>
#include <tiercache/fetcher.hpp>
#include <tiercache/lookup.hpp>
#include <tiercache/not_modified.hpp>
#include <tiercache/owned.hpp>
#include <tiercache/policy_override.hpp>
#include <tiercache/promise_post.hpp>
#include <tiercache/removal_cause.hpp>
#include <tiercache/tier.hpp>
#include <tiercache/tier_stats.hpp>
#include <tiercache/tiered_cache.hpp>
#include <tiercache/ttl.hpp>
#include <tiercache/version.hpp>
#include <tiercache/write.hpp>
