// The one place that compiles Boost.JSON, so that its headers (libboost-dev) are enough and nothing has to be linked.
// Nothing else belongs here.
#include <boost/json/src.hpp>
