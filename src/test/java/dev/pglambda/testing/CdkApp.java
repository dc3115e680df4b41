package dev.pglambda.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A small app of the AWS CDK. */
public final class CdkApp {
  private static final Logger log = LoggerFactory.getLogger(CdkApp.class);
  private static final String APP = "src/test/resources/dev/pglambda/lambda/project/cdk/app.js";
  private static final int NO_MODULES = 3;

  /** The shell's. */
  private static final int NO_PROGRAM = 127;

  private CdkApp() {}

  /** Has the CDK make its output; skips the calling test if the CDK is not there. */
  public static void synthesize(Path output) throws Exception {
    Process node =
        new ProcessBuilder("sh", "-c", "exec node " + APP + " " + output)
            .redirectErrorStream(true)
            .start();
    String said = new String(node.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int code = node.waitFor();
    if (code == NO_MODULES || code == NO_PROGRAM) {
      String reason = "no Node.js with aws-cdk-lib in target/npm/cdk (expected: as in .ci/run)";
      log.warn("SKIPPED: {}", reason);
      Assumptions.abort(reason);
    }
    assertThat(code).as(said).isZero();
  }
}
