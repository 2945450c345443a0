#include "tests/cli/command_line.h"

#include <vector>

namespace presil {
namespace {

TEST_CASE("the version and the help with its examples leave with 0") {
  CHECK(presil_run("--version").text == "presil 0.1.0 (simulator 8)\n");
  const Outcome help = presil_run("--help");
  CHECK(help.code == 0);
  CHECK(help.has("presil validate nvdla "));
  for (const char* command : {"simulate", "models", "chips", "compile", "completion"}) {
    const Outcome outcome = presil_run(std::string(command) + " --help");
    CHECK(outcome.code == 0);
    CHECK(outcome.has("Examples:"));
    CHECK(outcome.has(std::string("presil ") + command));
  }
  CHECK(presil_run("simulate --help").has("bound by: what most of the critical path goes through"));
}

TEST_CASE("chips are listed and shown with overrides") {
  CHECK(presil_run("chips").has("nvdla-full"));
  const Outcome shown = presil_run("chips nvdla-full --set sram.kib=256");
  CHECK(shown.has(" mm2 in 16nm: arrays "));
  CHECK(shown.code == 0);
  CHECK(shown.has("SRAM 256 KiB"));
}

TEST_CASE("built-in networks are listed, and any network is shown") {
  const Outcome list = presil_run("models");
  CHECK(list.code == 0);
  CHECK(list.has("mobilenet_v2"));
  CHECK(list.has("1x3x224x224  301 M     3.49 M"));
  CHECK(list.has("nb201:ARCH"));
  const Outcome one = presil_run("models ds_cnn --layers");
  CHECK(one.code == 0);
  CHECK(one.has("inputs       mfcc fp32 1x1x49x10"));
  CHECK(one.has("MACs         2.66 M (2,656,768)"));
  CHECK(one.has("block1/depthwise"));
  CHECK(presil_run("models ds_cnn --as-written").code == 0);
  const Outcome file = presil_run("models " PRESIL_SOURCE_DIR "/models/examples/tiny_cnn.yaml");
  CHECK(file.has("inputs       image fp32 1x3x32x32"));
}

TEST_CASE("the completion script is a bash function that knows commands, chips and networks") {
  const Outcome script = presil_run("completion bash");
  CHECK(script.code == 0);
  for (const char* word : {"complete -o default -F _presil presil", "simulate) words=\"", "--chip",
                           "ne-base", "mobilenet_v2", "--precision-map"})
    CHECK(script.has(word));
  const ScratchFolder folder;
  folder.write("complete", script.text +
                               "COMP_WORDS=(presil simulate --chip ne-)\nCOMP_CWORD=3\n_presil\n"
                               "echo \"${COMPREPLY[@]}\"\n"
                               "COMP_WORDS=(presil simulate mobilenet_v)\nCOMP_CWORD=2\n_presil\n"
                               "echo \"${COMPREPLY[@]}\"\n"
                               "COMP_WORDS=(presil simu)\nCOMP_CWORD=1\n_presil\n"
                               "echo \"${COMPREPLY[@]}\"\n");
  const Outcome completed = presil_run("--version; bash " + (folder / "complete"));
  CHECK(
      completed.has("ne-base ne-max ne-nano\nmobilenet_v1 mobilenet_v2 mobilenet_v3_large\n"
                    "simulate\n"));
}

struct Mistake {
  const char* arguments;
  const char* message;  ///< a part of it
};

void check_mistakes(const std::vector<Mistake>& mistakes) {
  for (const Mistake& mistake : mistakes) {
    const Outcome outcome = presil_run(mistake.arguments);
    CAPTURE(mistake.arguments);
    CAPTURE(outcome.text);
    CHECK(outcome.is_user_error());
    CHECK(outcome.has(mistake.message));
  }
}

TEST_CASE("a wrong command line is one line that says what would do") {
  check_mistakes({
      {"",
       "a command is missing; known: simulate, sweep, diff, fleet, run, compile, search, curate, "
       "advise, models, chips, train, estimate, compare, validate, collect, merge, completion"},
      {"simulat", "unknown command 'simulat'; did you mean 'simulate'?"},
      {"nonsense", "unknown command 'nonsense'; known: simulate"},
      {"--verson", "see `presil --help`"},
      {"simulate", "give one MODEL or --list FILE"},
      {"simulate ds_cnn", "--chip is missing; `presil chips` lists the chips"},
      {"simulate ds_cnn --chp unit", "unexpected argument '--chp'; did you mean '--chip'?"},
      {"simulate ds_cnn resnet18 --chip unit", "unexpected argument 'resnet18'"},
      {"simulate ds_cnn --chip", "--chip"},
      {"simulate ds_cnn --chip unit --batch x", "Could not convert: --batch = x"},
      {"chips unit --layers", "chips: unexpected argument '--layers'"},
      {"models ds_cnn --layer", "did you mean '--layers'?"},
      {"simulate ds_cnn --chip unit --ideal", "did you mean '--ideal-memory'?"},
      {"simulate ds_cnn --chip unit --workers 2", "--workers is for --list or several chips"},
      {"simulate ds_cnn --chip unit --time-limit 2", "--time-limit is for --list or several chips"},
      {"validate nvdl", "reference 'nvdl' is unknown; known: nvdla"},
      {"validate --out predicted.csv", "--out takes the rows of one reference"},
      {"validate nvdla --workers -1", "--workers must be 1..1024, is -1"},
      {"completion", "completion: shell is required"},
      {"completion fish", "no script for shell 'fish'; known: bash"},
  });
}

TEST_CASE("unknown chips, models and files are named with the nearest known ones") {
  check_mistakes({
      {"chips nvdla-fool", "did you mean 'nvdla-full'?"},
      {"chips nvdla-full --set sram.kib", "--set sram.kib: must be key=value"},
      {"chips nvdla-full --set sram.kid=3", "sram.kib"},
      {"chips nvdla-full --set sram.kib=-3", "sram.kib"},
      {"simulate ds_cnn --chip ne-bas", "did you mean 'ne-base'?"},
      {"simulate ds_cnn --chip ne-base --set sram.kib=lots", "sram.kib"},
      {"simulate mobilnet_v2 --chip unit", "did you mean 'mobilenet_v2'?"},
      {"simulate no/such.onnx --chip unit", "no/such.onnx: no such file; `presil models` lists"},
      {"simulate net.pb --chip unit", "unknown ending '.pb'; known: .onnx, .tflite, .yaml"},
      {"models resnet5", "did you mean 'resnet50'?"},
      {"models /tmp", "unknown ending ''; known: .onnx, .tflite, .yaml, .yml, or a built-in name"},
      {"models no.tflite", "no.tflite: no such file"},
      {"models 'nb201:|what~0|'", "nb201"},
      {"validate nvdla no-such.csv", "no-such.csv: cannot be read"},
      {"validate nvdla no-such.csv --chip x", "chip 'x': no such file"},
  });
}

}  // namespace
}  // namespace presil
