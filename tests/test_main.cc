#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <systemc>

int main(int argc, char** argv) { return doctest::Context(argc, argv).run(); }

// libsystemc expects one in every program, and would call it from its own main.
int sc_main(int, char**) { return 0; }
