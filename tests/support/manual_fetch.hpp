// ManualFetch: that of the kit for users, which this project's tests use as well.
#pragma once

#include <tiercache/testing.hpp>

namespace support {

using tiercache::testing::ManualFetch;

}  // namespace support
