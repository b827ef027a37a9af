// Which Asio the tests are of: Boost.Asio, or standalone Asio where TIERCACHE_TEST_STANDALONE_ASIO is defined. Nothing
// else may ask.
#pragma once

// Has Asio take its memory from operator new, where the tests count it.
#define ASIO_DISABLE_STD_ALIGNED_ALLOC 1
#define BOOST_ASIO_DISABLE_STD_ALIGNED_ALLOC 1
#define BOOST_ASIO_DISABLE_BOOST_ALIGN 1

#if defined(TIERCACHE_TEST_STANDALONE_ASIO)
#include <asio.hpp>
#include <asio/experimental/as_tuple.hpp>
#include <asio/experimental/awaitable_operators.hpp>
#include <asio/experimental/deferred.hpp>
#else
#include <boost/asio.hpp>
#include <boost/asio/experimental/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/experimental/deferred.hpp>
#endif
#include <tiercache/asio.hpp>

namespace support {

#if defined(TIERCACHE_TEST_STANDALONE_ASIO)
namespace asio = ::asio;
using ErrorCode = asio::error_code;
using SystemError = asio::system_error;
#else
namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using SystemError = boost::system::system_error;
#endif

}  // namespace support
