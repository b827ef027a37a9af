// The version of tiercache, and the only place where one is written: CMake, the package and the single header read it
// from here.
#pragma once

#define TIERCACHE_VERSION_MAJOR 0
#define TIERCACHE_VERSION_MINOR 1
#define TIERCACHE_VERSION_PATCH 0
