package dev.pglambda;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pglambda.config.ConfigLoader;
import dev.pglambda.config.ConfigLoader.LoadResult;
import dev.pglambda.config.ConfigLoader.Run;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** docker/kubernetes.yaml is what Kubernetes takes, and what the proxy and its image know. */
class KubernetesFileTest {
  private static final Logger log = LoggerFactory.getLogger(KubernetesFileTest.class);
  private static final String FILE = "docker/kubernetes.yaml";
  private static final int NO_MODULES = 3;

  /** The shell's. */
  private static final int NO_PROGRAM = 127;

  @TempDir Path directory;

  private final JsonNode documents;

  /** A script of Node.js holds each document against the schema of its kind. */
  KubernetesFileTest() throws IOException, InterruptedException {
    String command = "exec node src/test/resources/kubernetes/validate.js " + FILE;
    Process node =
        new ProcessBuilder("sh", "-c", command)
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    byte[] json = node.getInputStream().readAllBytes();
    int code = node.waitFor();
    if (code == NO_MODULES || code == NO_PROGRAM) {
      String reason =
          "no Node.js with kubernetes-models and js-yaml in target/npm (expected: as in .ci/run)";
      log.warn("SKIPPED: {}", reason);
      Assumptions.abort(reason);
    }
    assertThat(code).as(new String(json, StandardCharsets.UTF_8)).isZero();
    documents = new ObjectMapper().readTree(json);
  }

  private JsonNode document(String kind) {
    for (JsonNode each : documents) {
      if (each.path("kind").asText().equals(kind)) {
        return each;
      }
    }
    throw new AssertionError("no " + kind);
  }

  private JsonNode pod() {
    return document("Deployment").at("/spec/template/spec");
  }

  private Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>();
    pod()
        .at("/containers/0/env")
        .forEach(each -> environment.put(each.get("name").asText(), each.get("value").asText()));
    return environment;
  }

  private LoadResult load(String secret) throws IOException {
    Path file = Files.writeString(directory.resolve("secret"), secret);
    Map<String, String> environment = environment();
    environment.put("PGLAMBDA_CALLBACK_SECRET_FILE", file.toString());
    return ConfigLoader.load(new String[0], environment);
  }

  @Test
  void itsVariablesAreOptions() throws IOException {
    assertThat(load("a secret of the user's, at least 32 octets")).isInstanceOf(Run.class);
  }

  @Test
  void noProxyStartsWithTheSecretInTheFile() throws IOException {
    String secret = document("Secret").at("/stringData/callback-secret").asText();

    assertThat(load(secret)).isInstanceOf(ConfigLoader.Exit.class);
    String mounted = pod().at("/containers/0/volumeMounts/0/mountPath").asText();
    assertThat(environment())
        .containsEntry("PGLAMBDA_CALLBACK_SECRET_FILE", mounted + "/callback-secret");
  }

  @Test
  void aPodHasTimeToStop() throws IOException {
    Run run = (Run) load("a secret of the user's, at least 32 octets");
    Duration sleep =
        Duration.ofSeconds(pod().at("/containers/0/lifecycle/preStop/exec/command/1").asInt());

    assertThat(Duration.ofSeconds(pod().get("terminationGracePeriodSeconds").asInt()))
        .isGreaterThan(run.config().limits().shutdownGrace().plus(sleep));
  }

  @Test
  void itFitsTheImage() throws IOException {
    String image = Files.readString(Path.of("docker", "Dockerfile"));
    String check = pod().at("/containers/0/livenessProbe/exec/command/0").asText();

    assertThat(image)
        .contains("--uid " + pod().at("/securityContext/runAsUser").asText() + " ")
        .contains("EXPOSE " + pod().at("/containers/0/ports/0/containerPort").asText() + "\n")
        .contains("/usr/local/bin/" + check);
  }
}
