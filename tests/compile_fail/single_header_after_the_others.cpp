// expect: tiercache: two copies are included, such as the single header and include/tiercache: use one of them only
#include <tiercache/tiercache.hpp>

// Not the same file.
#include "../../include/single/tiercache/tiercache.hpp"
