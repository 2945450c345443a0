// libsystemc wants an sc_main in every program; main() is libFuzzer's.

#include <systemc>

int sc_main(int, char**) { return 0; }
