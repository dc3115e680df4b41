package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CallbackSecretTest {
  @TempDir Path directory;

  @ParameterizedTest
  @ValueSource(ints = {32, 63, 64, 65, 200})
  void derivesProofsThatTheWorkerCanComputeFromThePaddedKeys(int octets) {
    CallbackSecret secret = CallbackSecret.of("s".repeat(octets));

    assertThat(secret.proof("nonce", "wait/1 1 é".getBytes(UTF_8)))
        .isEqualTo(WorkerProof.of(secret, "nonce", "wait/1 1 é"));
    assertThat(secret.linkPassword())
        .isEqualTo(WorkerProof.hex(secret.innerKeyPad(), secret.outerKeyPad(), "pglambda link"));
  }

  @Test
  void agreesWithTheTestVectorsOfHmac() {
    // RFC 4231, test case 6: a key longer than a block.
    byte[] key = new byte[131];
    Arrays.fill(key, (byte) 0xaa);
    assertThat(
            HexFormat.of()
                .formatHex(
                    Sha256.hmac(
                        key,
                        "Test Using Larger Than Block-Size Key - Hash Key First".getBytes(UTF_8))))
        .isEqualTo("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  }

  @Test
  void refusesAShortSecretAndNamesTheOption() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CallbackSecret.of("s".repeat(31)))
        .withMessage("--callback-secret: 31 octets (expected: at least 32)");
  }

  @Test
  void createsAFileThatOnlyItsOwnerCanReadAndFindsTheSameSecretAgain() throws IOException {
    Path file = directory.resolve("state").resolve("secret");

    CallbackSecret created = CallbackSecret.loadOrCreate(file);

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(Files.readString(file)).matches("[0-9a-f]{64}\n");
    assertThat(CallbackSecret.loadOrCreate(file).linkPassword()).isEqualTo(created.linkPassword());
    assertThat(CallbackSecret.of(Files.readString(file).strip()).linkPassword())
        .isEqualTo(created.linkPassword());
    assertThat(filesIn(directory.resolve("state"))).containsExactly(file);
  }

  @Test
  void makesOneSecretWhenManyStartAtTheSameTime() throws Exception {
    Path file = directory.resolve("secret");
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<String>> passwords =
          IntStream.range(0, 64)
              .mapToObj(i -> threads.submit(() -> CallbackSecret.loadOrCreate(file).linkPassword()))
              .toList();
      String kept = CallbackSecret.loadOrCreate(file).linkPassword();
      for (Future<String> password : passwords) {
        assertThat(password.get()).isEqualTo(kept);
      }
    } finally {
      threads.shutdown();
    }
    assertThat(filesIn(directory)).containsExactly(file);
  }

  @Test
  void namesThePathOfAFileItCannotUse() throws IOException {
    Path tooShort = Files.writeString(directory.resolve("short"), "secret\n");
    assertThatIOException()
        .isThrownBy(() -> CallbackSecret.loadOrCreate(tooShort))
        .withMessage("callback secret in %s: 6 octets (expected: at least 32)".formatted(tooShort));

    assertThatIOException()
        .isThrownBy(() -> CallbackSecret.loadOrCreate(directory))
        .withMessageContaining(directory.toString());
    Path belowAFile = tooShort.resolve("secret");
    assertThatIOException()
        .isThrownBy(() -> CallbackSecret.loadOrCreate(belowAFile))
        .withMessageContaining(belowAFile.toString());
  }

  @Test
  void doesNotShowItself() {
    assertThat(Worker.SECRET.toString()).isEqualTo("CallbackSecret");
  }

  private static List<Path> filesIn(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }
}
