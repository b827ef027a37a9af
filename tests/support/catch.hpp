// Catch2, whichever of its versions is there: 3 comes in many headers, 2 in one.
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
