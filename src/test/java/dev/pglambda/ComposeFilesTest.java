package dev.pglambda;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.pglambda.config.ConfigLoader;
import dev.pglambda.config.ConfigLoader.Run;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The files for docker compose name what there is: files, options, the image's target. */
class ComposeFilesTest {
  private static final Path DOCKER = Path.of("docker");

  /** With no variable set. */
  private static JsonNode services(String file) throws IOException {
    return new YAMLMapper()
        .readTree(
            Files.readString(DOCKER.resolve(file))
                .replaceAll("\\$\\{\\w+:-([^}]*)}", "$1")
                .replaceAll("\\$\\{\\w+:\\+[^}]*}", ""))
        .get("services");
  }

  @ParameterizedTest
  @ValueSource(strings = {"compose.yaml", "extension/compose.yaml"})
  void whatIsMountedIsThere(String file) throws IOException {
    int mounted = 0;
    for (JsonNode service : services(file)) {
      for (JsonNode volume : service.path("volumes")) {
        String source = volume.asText().split(":", 2)[0];
        if (source.startsWith(".")) {
          assertThat(DOCKER.resolve(source)).exists();
          mounted++;
        }
      }
    }
    assertThat(mounted).isPositive();
  }

  @Test
  void theProxysVariablesAreOptions() throws IOException {
    Map<String, String> environment = new HashMap<>();
    services("compose.yaml")
        .at("/proxy/environment")
        .properties()
        .forEach(each -> environment.put(each.getKey(), each.getValue().asText("")));

    assertThat(ConfigLoader.load(new String[0], environment)).isInstanceOf(Run.class);
    assertThat(environment).containsKey("PGLAMBDA_FUNCTIONS");
  }

  @Test
  void thePageIsThereOnlyWithATokenAndForThisMachine() throws IOException {
    String text = Files.readString(DOCKER.resolve("compose.yaml"));
    JsonNode proxy = services("compose.yaml").get("proxy");

    assertThat(text).contains("PGLAMBDA_ADMIN: ${PGLAMBDA_ADMIN_TOKEN:+0.0.0.0:5480}\n");
    assertThat(proxy.at("/environment/PGLAMBDA_ADMIN_TOKEN").asText("")).isEmpty();
    assertThat(proxy.get("ports"))
        .allSatisfy(port -> assertThat(port.asText()).startsWith("127.0.0.1:"));
  }

  @Test
  void theProxysTargetIsOneOfTheImage() throws IOException {
    String target = services("compose.yaml").at("/proxy/build/target").asText();

    assertThat(Files.readString(DOCKER.resolve("Dockerfile")))
        .contains("FROM proxy AS " + target + "\n");
  }

  @Test
  void everyImageHasAVersion() throws IOException {
    for (String file : new String[] {"compose.yaml", "extension/compose.yaml"}) {
      for (JsonNode service : services(file)) {
        assertThat(service.path("image").asText("x:1")).containsPattern(":(\\d|functions$)");
      }
    }
  }
}
