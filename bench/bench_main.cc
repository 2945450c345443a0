#include <benchmark/benchmark.h>

#include <systemc>

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}

// libsystemc expects one in every program, and would call it from its own main.
int sc_main(int, char**) { return 0; }
