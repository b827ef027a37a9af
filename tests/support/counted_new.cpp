// For programs that count allocations and have no file of their own that replaces operator new.
#include "counted_new.hpp"
