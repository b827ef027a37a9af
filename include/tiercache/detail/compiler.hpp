// Facts about compilers that the code has to know, each as one macro. Nothing else may ask which compiler this is.
// It includes nothing, and public headers include it, directly or not, before all else: these errors come first. A
// header that does not exist ends them; the compiler would go on with hundreds.
#pragma once

#if defined(_MSVC_LANG) ? _MSVC_LANG < 202002L : __cplusplus < 202002L
#error "tiercache needs C++20: compile with -std=c++20 (g++, clang++) or /std:c++20 (MSVC)"
#include <tiercache_needs_cxx20>
#endif

// Each copy of the library has one of this file, and it is read once: the single header's, or that in include/.
#if defined(TIERCACHE_IS_INCLUDED)
#error "tiercache: two copies are included, such as the single header and include/tiercache: use one of them only"
#include <tiercache_is_included_twice>
#endif
#define TIERCACHE_IS_INCLUDED

// Whether exceptions can be thrown. Without them TIERCACHE_TRY runs its block and TIERCACHE_CATCH_ALL never runs.
#if defined(__cpp_exceptions) || defined(__EXCEPTIONS) || defined(_CPPUNWIND)
#define TIERCACHE_EXCEPTIONS 1
#define TIERCACHE_TRY try
#define TIERCACHE_CATCH_ALL catch (...)
#else
#define TIERCACHE_EXCEPTIONS 0
#define TIERCACHE_TRY if constexpr (true)
#define TIERCACHE_CATCH_ALL if constexpr (false)
#endif

// GCC before 13 destroys a temporary twice inside a co_await expression if it is a closure or was initialised as an
// aggregate, and has a destructor (PR 99576, PR 101367).
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ < 13
#define TIERCACHE_DESTROYS_TEMPORARIES_TWICE 1
#else
#define TIERCACHE_DESTROYS_TEMPORARIES_TWICE 0
#endif

// GCC warns of a coroutine in a header that keeps a closure, since its frame has a field of a local type. Around it:
#if defined(__GNUC__) && !defined(__clang__)
#define TIERCACHE_COROUTINE_KEEPS_CLOSURES_BEGIN \
  _Pragma("GCC diagnostic push") _Pragma("GCC diagnostic ignored \"-Wsubobject-linkage\"")
#define TIERCACHE_COROUTINE_KEEPS_CLOSURES_END _Pragma("GCC diagnostic pop")
#else
#define TIERCACHE_COROUTINE_KEEPS_CLOSURES_BEGIN
#define TIERCACHE_COROUTINE_KEEPS_CLOSURES_END
#endif

#if defined(__GNUC__)
#define TIERCACHE_NOINLINE __attribute__((noinline))
#define TIERCACHE_COLD __attribute__((cold, noinline))
#elif defined(_MSC_VER)
#define TIERCACHE_NOINLINE __declspec(noinline)
#define TIERCACHE_COLD __declspec(noinline)
#else
#define TIERCACHE_NOINLINE
#define TIERCACHE_COLD
#endif

// Tells the processor that this thread spins.
#if defined(__GNUC__) && (defined(__x86_64__) || defined(__i386__))
#define TIERCACHE_PAUSE() __builtin_ia32_pause()
#elif defined(__GNUC__) && defined(__aarch64__)
#define TIERCACHE_PAUSE() __asm__ __volatile__("yield")
#else
#define TIERCACHE_PAUSE() static_cast<void>(0)
#endif

// Has the memory at an address brought near, for it will be needed soon.
#if defined(__GNUC__)
#define TIERCACHE_PREFETCH(address) __builtin_prefetch(address)
#else
#define TIERCACHE_PREFETCH(address) static_cast<void>(address)
#endif

// Whether there are numbers of 128 bits.
#if defined(__SIZEOF_INT128__)
#define TIERCACHE_HAS_INT128 1
#else
#define TIERCACHE_HAS_INT128 0
#endif

// Whether it can count the zeros at the end of a number without <bit>.
#if defined(__GNUC__)
#define TIERCACHE_HAS_TRAILING_ZEROS 1
#else
#define TIERCACHE_HAS_TRAILING_ZEROS 0
#endif

// Whether vectors of 16 bytes can be compared at once, through what GCC and Clang have built in.
#if defined(__GNUC__) && defined(__SSE2__)
#define TIERCACHE_HAS_SSE2 1
#else
#define TIERCACHE_HAS_SSE2 0
#endif

// Clang before 19 may write to a coroutine's frame after an inlined await_suspend has handed it to another thread
// (llvm-project issues 56301 and 65054).
#if defined(__clang__) && __clang_major__ < 19
#define TIERCACHE_AWAIT_SUSPEND TIERCACHE_NOINLINE
#else
#define TIERCACHE_AWAIT_SUSPEND
#endif
