package dev.pglambda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.config.ConfigLoader;
import dev.pglambda.lambda.aws.AwsEnvironment;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.testing.Awaiting;
import dev.pglambda.testing.LogCapture;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.nio.NioEventLoopGroup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What {@code --functions} names is followed through changes. */
@Timeout(60)
class OwnFunctionsTest {
  private final EventLoopGroup loops = new NioEventLoopGroup(1);

  @TempDir private Path directory;

  @AfterEach
  void stop() {
    loops.shutdownGracefully(0, 1, TimeUnit.SECONDS).syncUninterruptibly();
  }

  private LambdaSource follow(Path functions) throws StartException {
    String[] arguments = {
      "--functions", functions.toString(), "--data-dir", directory.resolve("data").toString()
    };
    return LambdaSource.choose(
        ((ConfigLoader.Run) ConfigLoader.load(arguments, Map.of())).config(),
        loops,
        MemoryBudget.unlimited(),
        new AwsEnvironment(Map.of(), new Properties(), Path.of("/nowhere")));
  }

  private static List<String> patterns(LambdaSource source) {
    return source.invoker().routes().stream().map(route -> route.pattern()).toList();
  }

  @Test
  void usesAProgramAsSoonAsItIsExecutable() throws Exception {
    Path functions = Files.createDirectory(directory.resolve("functions"));
    Path program = Files.createDirectory(functions.resolve("shell")).resolve("bootstrap");
    Files.writeString(program, "#!/bin/sh\n");
    try (LambdaSource source = follow(functions)) {
      assertThat(patterns(source)).isEmpty();

      assertThat(program.toFile().setExecutable(true)).isTrue();

      Awaiting.await("the route").until(() -> patterns(source).equals(List.of("shell")));
    }
  }

  @Test
  void goesOnAfterAChangeThatCannotBeUsed() throws Exception {
    Files.writeString(directory.resolve("f.py"), "");
    Path variables = Files.writeString(directory.resolve("variables"), "A=1\n");
    Path file = directory.resolve("functions.yaml");
    String route = "routes: [{function: %s, local: {code: f.py, env_file: variables}}]";
    Files.writeString(file, route.formatted("first"));
    try (LambdaSource source = follow(file);
        LogCapture log = LogCapture.of(OwnFunctions.class)) {
      Files.delete(variables);
      Process mkfifo = new ProcessBuilder("mkfifo", variables.toString()).start();
      assertThat(mkfifo.waitFor()).isZero();
      Awaiting.await("the refusal").until(() -> log.lines().toString().contains("another kind"));
      assertThat(patterns(source)).containsExactly("first");

      Files.delete(variables);
      Files.writeString(variables, "A=2\n");
      Files.writeString(file, route.formatted("second"));

      Awaiting.await("the route").until(() -> patterns(source).equals(List.of("second")));
    }
  }
}
