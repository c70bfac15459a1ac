// Catch2's main for every test program that needs no options of its own: it takes seconds to compile, so once.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
