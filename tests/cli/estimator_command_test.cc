#include "command_line.h"

namespace presil {

TEST_CASE("Samples are collected, an estimator is trained, and it estimates and is compared") {
  const ScratchFolder folder;
  const std::string db = folder / "s.db", est = folder / "e.est";
  const Outcome collected =
      presil_run("collect --plan small --samples 250 --workers 2 --out " + db);
  CHECK(collected.code == 0);
  CHECK(collected.has("250 cases"));
  const Outcome trained = presil_run("train " + db + " --out " + est);
  CHECK(trained.code == 0);
  CHECK(trained.has("boosted  test"));
  CHECK(trained.has("prior    test"));

  const Outcome estimated = presil_run("estimate mobilenet_v2 --chip ne-base --estimator " + est +
                                       " --csv " + (folder / "groups.csv"));
  CHECK(estimated.code == 0);
  CHECK(estimated.has("90 % interval"));
  CHECK(folder.read("groups.csv").starts_with("group,kind,shape,macs,cycles,low,high,"));
  // Memory is computed, exactly as in a run.
  CHECK(estimated.has("13.3 MiB of parameters"));
  CHECK(presil_run("simulate mobilenet_v2 --chip ne-base").has("parameters 13.3 MiB"));

  const Outcome compared =
      presil_run("compare --estimator " + est +
                 " --models mobilenet_v2,resnet18 --chips ne-base --csv " + (folder / "c.csv"));
  CHECK(compared.code == 0);
  CHECK(compared.has("worst group"));
  CHECK(folder.read("c.csv").starts_with("model,chip,status,simulated_cycles,estimated_cycles,"));

  const Outcome searched = presil_run(
      "search nb201 --chip ne-base --objective latency_ms --objective max:macs_m "
      "--evaluations 20 --cost learned:" +
      est);
  CHECK(searched.code == 0);
  CHECK(searched.has("estimator on this front: MAPE"));
  CHECK(presil_run("search nb201 --chip ne-base --objective peak_sram_kib --cost learned:" + est)
            .has("the estimator does not know it"));
}

TEST_CASE("Mistakes around an estimator are named with what would do") {
  const ScratchFolder folder;
  CHECK(presil_run("estimate mobilenet_v2 --chip ne-base").has("--estimator is missing"));
  CHECK(presil_run("estimate mobilenet_v2 --chip ne-base --estimator " + (folder / "none.est"))
            .is_user_error());
  const std::string rubbish = folder.write("rubbish.est", "no bundle at all\n");
  const Outcome wrong = presil_run("estimate mobilenet_v2 --chip ne-base --estimator " + rubbish);
  CHECK(wrong.is_user_error());
  CHECK(presil_run("compare --models mobilenet_v2 --chips ne-base").has("--estimator is missing"));
  CHECK(presil_run("train --out x.est").is_user_error());
}

}  // namespace presil
