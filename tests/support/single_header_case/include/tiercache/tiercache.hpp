// The umbrella; it says:
//   #include <tiercache/tiercache.hpp>
#pragma once

#include <tiercache/awkward.hpp>
#include <tiercache/detail/shared.hpp>
#include <tiercache/version.hpp>
