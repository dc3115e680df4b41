package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.FrontendMessage;
import dev.pglambda.protocol.Message;
import dev.pglambda.protocol.auth.ScramClient;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Seeded bytes at random: a failure is repeated by the same seed. */
class HostileBytesTest {
  private static final int SEEDS = 3_000;

  private final FakeFunction function = new FakeFunction();
  private final CallbackServer server =
      new CallbackServer(
          Worker.SECRET, function, Worker.JOURNAL, session -> null, CallbackLimits.DEFAULTS);

  @Test
  void survivesNoiseBeforeAuthentication() {
    for (int seed = 0; seed < SEEDS; seed++) {
      Worker worker = Worker.started(server);
      worker.received();

      bombard(worker, new Random(seed), noise(new Random(seed)));

      worker.pass(Duration.ofSeconds(10));
      assertThat(worker.channel.isOpen()).as("seed %d", seed).isFalse();
      worker.close();
    }
    assertThat(function.arguments).isEmpty();
  }

  @Test
  void survivesDamagedAuthentication() {
    byte[] valid =
        Worker.initialResponse(
            "SCRAM-SHA-256",
            new ScramClient("password", "n,,", "", "rOprNGfwEbeRWgbNEkqO").first());
    for (int seed = 0; seed < SEEDS; seed++) {
      Random random = new Random(seed);
      Worker worker = Worker.started(server);
      worker.received();

      bombard(worker, random, damaged(random, valid));
      bombard(worker, random, Worker.message(FrontendMessage.PASSWORD, noise(random)));

      worker.pass(Duration.ofSeconds(10));
      assertThat(worker.channel.isOpen()).as("seed %d", seed).isFalse();
      worker.close();
    }
  }

  @Test
  void survivesNoiseAfterAuthentication() {
    Worker worker = Worker.connected(server);
    for (int seed = 0; seed < SEEDS; seed++) {
      Random random = new Random(seed);
      if (!worker.channel.isOpen()) {
        worker.close();
        // The password costs 4096 hashes: every link is used until it is ended.
        worker = Worker.connected(server);
      }
      bombard(worker, random, random.nextBoolean() ? noise(random) : framed(random));
    }
    worker.close();
    assertThat(function.arguments).isEmpty();
  }

  @Test
  void makesNoCallOfADamagedRequest() {
    Worker worker = Worker.connected(server);
    worker.hello();
    for (int seed = 0; seed < SEEDS; seed++) {
      Random random = new Random(seed);
      String text = worker.signed("invoke/1", Fields.call("function", "{\"key\": \"value\"}"));
      byte[] damaged = damaged(random, text.getBytes(ISO_8859_1));
      if (Arrays.equals(damaged, text.getBytes(ISO_8859_1)) || contains(damaged, 0)) {
        continue;
      }

      worker.send(
          Worker.message(FrontendMessage.QUERY, Arrays.copyOf(damaged, damaged.length + 1)));

      List<BackendMessage> answer = worker.received();
      assertThat(answer).as("seed %d", seed).extracting(Message::name).endsWith("ReadyForQuery");
    }
    assertThat(function.arguments).isEmpty();
    worker.close();
  }

  @Test
  void survivesAnyFieldsThatCarryAProof() {
    Worker worker = Worker.connected(server);
    worker.hello();
    for (int seed = 0; seed < SEEDS; seed++) {
      Random random = new Random(seed);
      String fields = Fields.of("s", "name", "f", "r", "{}", "é", "", null, "x", "-", "1", "2");
      byte[] damaged = damaged(random, fields.getBytes(ISO_8859_1));
      String text = new String(damaged, ISO_8859_1).replace('\0', '0');

      worker.send(Worker.query(worker.signed("invoke/1", text)));
      int calls = function.results.size();
      if (calls > 0) {
        function.last().complete(FakeFunction.row("1"));
      }

      assertThat(worker.received())
          .as("seed %d", seed)
          .extracting(Message::name)
          .endsWith("ReadyForQuery")
          .doesNotContain("BackendKeyData");
    }
    assertThat(worker.channel.isOpen()).isTrue();
    worker.close();
  }

  /** Sends the bytes in pieces of random lengths; what comes back must be whole messages. */
  private static void bombard(Worker worker, Random random, byte[] bytes) {
    for (int start = 0; start < bytes.length && worker.channel.isOpen(); ) {
      int end = Math.min(bytes.length, start + 1 + random.nextInt(64));
      worker.send(Arrays.copyOfRange(bytes, start, end));
      assertThat(worker.received()).noneMatch(BackendMessage.Unknown.class::isInstance);
      start = end;
    }
  }

  private static byte[] noise(Random random) {
    byte[] bytes = new byte[1 + random.nextInt(200)];
    random.nextBytes(bytes);
    return bytes;
  }

  private static byte[] framed(Random random) {
    return Worker.message((byte) "QPBDECSFHdcfp".charAt(random.nextInt(13)), noise(random));
  }

  private static byte[] damaged(Random random, byte[] valid) {
    byte[] bytes = valid.clone();
    for (int count = 1 + random.nextInt(3); count > 0; count--) {
      bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
    }
    return random.nextInt(4) == 0 ? Arrays.copyOf(bytes, random.nextInt(bytes.length) + 1) : bytes;
  }

  private static boolean contains(byte[] bytes, int wanted) {
    for (byte candidate : bytes) {
      if (candidate == wanted) {
        return true;
      }
    }
    return false;
  }
}
