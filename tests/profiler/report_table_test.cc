#include "profiler/report_table.h"

#include <doctest/doctest.h>

#include <sstream>

#include "profiler/network_table.h"
#include "profiler/quantity_text.h"
#include "profiler/text_table.h"
#include "tests/profiler/report_fixture.h"

namespace presil {
namespace {

bool fits(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (text_width(line) > kPageWidth) return false;
  return true;
}

TEST_CASE("quantities are written for people") {
  CHECK(with_thousands(0) == "0");
  CHECK(with_thousands(999) == "999");
  CHECK(with_thousands(1234567) == "1,234,567");
  CHECK(with_thousands(-123456) == "-123,456");
  CHECK(three_digits(0) == "0");
  CHECK(three_digits(0.0304) == "0.0304");
  CHECK(three_digits(0.9999) == "1.00");
  CHECK(three_digits(9.996) == "10.0");
  CHECK(three_digits(12345.6) == "12,346");
  CHECK(bytes_text(0) == "0 B");
  CHECK(bytes_text(1023) == "1023 B");
  CHECK(bytes_text(1536) == "1.50 KiB");
  CHECK(bytes_text(1024 * 1024) == "1.00 MiB");
  CHECK(time_text(999.4) == "999 us");
  CHECK(time_text(999.6) == "1.00 ms");
  CHECK(time_text(2.5e6) == "2.50 s");
  CHECK(energy_text(1.5e6) == "1.50 uJ");
  CHECK(power_text(0.5) == "500 uW");
  CHECK(count_text(999) == "999");
  CHECK(count_text(300'774'272) == "301 M");
  CHECK(percent_text(0.1234) == "12.3 %");
}

TEST_CASE("names give way in the middle, at a separator where one is near") {
  CHECK(shortened("short", 10) == "short");
  CHECK(shortened("abcdefghijklmnopqrst", 11) == "abcd..pqrst");
  CHECK(shortened("features/block17/depthwise", 20) == "features/..depthwise");
  CHECK(shortened("caf\xC3\xA9", 4) == "caf\xC3\xA9");
  CHECK(shortened("a\nb\x1b[31m", 20) == "a?b?[31m");
}

TEST_CASE("a table's flexible columns give way, its numbers do not") {
  TextTable table({{.title = "name", .flexible = true}, {.title = "n", .right = true}});
  table.add({std::string(60, 'a') + "/tail", "1,234"});
  table.add({"b", "7"});
  const std::string text = table.text(30);
  CHECK(text ==
        "name                         n\n"
        "aaaaaaaaaaa..aaaaaa/tail 1,234\n"
        "b                            7\n");
}

TEST_CASE("lines break behind clauses") {
  CHECK(wrapped("label: one two, three four; five", 2, 18) ==
        "label: one two,\n  three four; five");
  CHECK(wrapped("aaaa bbbb cccc", 1, 9) == "aaaa bbbb\n cccc");
  CHECK(wrapped("a  b", 0, 9) == "a  b");
}

TEST_CASE("reports fit the page on every chip and say what they are") {
  for (const char* chip : {"ne-nano", "ne-base", "ne-max", "nvdla-full", "edge-tpu",
                           "ethos-u55-128", "systolic-32-ws"}) {
    const Simulated run("ds_cnn", chip);
    const std::string text = report_table(run.report());
    CAPTURE(text);
    CHECK(fits(text));
    for (const char* label : {"\nlatency ", "\nbound by ", "\narray ", "\nbounds ", "\nSRAM ",
                              "\nport ", "\nenergy ", "\nnetwork ", "\nhost ops "})
      CHECK(text.find(label) != std::string::npos);
  }
}

TEST_CASE("only the groups that take longest, longest first") {
  const Simulated run("ds_cnn");
  const std::string text = report_table(run.report(), {.top = 2});
  CHECK(text.find("... and " + std::to_string(run.result.groups.size() - 2) +
                  " more groups with ") != std::string::npos);
  CHECK(report_table(run.report(), {.top = 1000}).find("more groups") == std::string::npos);
}

TEST_CASE("what most groups share is left out of their names") {
  RunResult run;
  for (const char* name :
       {"net/a/Conv", "net/b/Conv", "net/c/Conv;net/c/Bias", "net/d/Conv", "net"})
    run.groups.push_back({.name = name});
  CHECK(short_names(run) == std::vector<std::string>{"a", "b", "c", "d", "net"});
  run.groups.resize(2);
  CHECK(short_names(run) == std::vector<std::string>{"net/a/Conv", "net/b/Conv"});
}

TEST_CASE("a component that the next one repeats is said once") {
  RunResult run;
  run.groups.push_back({.name = "/features/features.5/block/block.2/block.2.0/fc1"});
  CHECK(short_names(run) == std::vector<std::string>{"features.5/block.2.0/fc1"});
}

TEST_CASE("a network is summed up by kind and layer by layer") {
  const Graph graph = load_network("mobilenet_v2");
  const std::string summary = network_summary(graph);
  CHECK(summary.find("inputs       image fp32 1x3x224x224") != std::string::npos);
  CHECK(summary.find("MACs         301 M (300,774,272)") != std::string::npos);
  CHECK(summary.find("DepthwiseConv") != std::string::npos);
  CHECK(fits(summary));
  CHECK(fits(network_layers(graph)));
  CHECK(parameter_count(graph) * 4 == parameter_bytes(graph).value);
}

}  // namespace
}  // namespace presil
