package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.pglambda.protocol.auth.Sha256;
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

  private static CallbackSecret secret(String text) {
    return CallbackSecret.of(text.getBytes(UTF_8));
  }

  @ParameterizedTest
  @ValueSource(ints = {32, 63, 64, 65, 200})
  void derivesProofsThatTheWorkerCanComputeFromThePaddedKeys(int bytes) {
    CallbackSecret secret = secret("s".repeat(bytes));
    InstallationKeys keys = secret.keys(secret.newInstallation());

    byte[] request = "wait/1 1 é".getBytes(UTF_8);
    byte[] proof = WorkerProof.of(keys, "nonce", "wait/1 1 é").getBytes(UTF_8);
    assertThat(keys.verify(proof, "nonce", request, 0, request.length)).isTrue();
  }

  @Test
  void givesEachInstallationKeysOfItsOwnAndTheSameEachTime() {
    CallbackSecret secret = secret("s".repeat(32));
    CallbackSecret same = secret("s".repeat(32));
    String first = secret.newInstallation();
    String second = secret.newInstallation();

    assertThat(first).matches("[0-9a-f]{32}").isNotEqualTo(second);
    assertThat(password(same, first)).isEqualTo(password(secret, first));
    assertThat(password(secret, first)).isNotEqualTo(password(secret, second));
    List<byte[]> keys =
        List.of(
            "s".repeat(32).getBytes(UTF_8),
            secret.keys(first).requestKey().innerPad(),
            secret.keys(second).requestKey().innerPad(),
            secret.callbackKey().innerPad());
    assertThat(keys.stream().map(Arrays::hashCode)).doesNotHaveDuplicates();
  }

  @Test
  void knowsTheInstallationsThatItHasMadeFromAnyOthers() {
    CallbackSecret secret = secret("s".repeat(32));
    String made = secret.newInstallation();
    String changed = (made.startsWith("0") ? "1" : "0") + made.substring(1);

    assertThat(secret.isInstallation(made)).isTrue();
    for (String other :
        List.of(
            changed, made.substring(1), made + "0", "", secret("t".repeat(32)).newInstallation())) {
      assertThat(secret.isInstallation(other)).isFalse();
      assertThatIllegalArgumentException().isThrownBy(() -> secret.keys(other));
    }
  }

  /** What two secrets have in common if they are one. */
  private static String password(CallbackSecret secret, String installation) {
    return secret.keys(installation).linkPassword();
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
        .isThrownBy(() -> secret("s".repeat(31)))
        .withMessage("--callback-secret: 31 bytes (expected: at least 32)");
  }

  @Test
  void createsAFileThatOnlyItsOwnerCanReadAndFindsTheSameSecretAgain() throws IOException {
    Path file = directory.resolve("state").resolve("secret");

    CallbackSecret created = CallbackSecret.loadOrCreate(file);

    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(Files.readString(file)).matches("[0-9a-f]{64}\n");
    String made = created.newInstallation();
    assertThat(CallbackSecret.loadOrCreate(file).isInstallation(made)).isTrue();
    assertThat(secret(Files.readString(file).strip()).isInstallation(made)).isTrue();
    assertThat(filesIn(directory.resolve("state"))).containsExactly(file);
  }

  @Test
  void makesOneSecretWhenManyStartAtTheSameTime() throws Exception {
    Path file = directory.resolve("secret");
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      List<Future<CallbackSecret>> secrets =
          IntStream.range(0, 64)
              .mapToObj(i -> threads.submit(() -> CallbackSecret.loadOrCreate(file)))
              .toList();
      String made = CallbackSecret.loadOrCreate(file).newInstallation();
      for (Future<CallbackSecret> secret : secrets) {
        assertThat(secret.get().isInstallation(made)).isTrue();
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
        .withMessage("callback secret in %s: 6 bytes (expected: at least 32)".formatted(tooShort));

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
    assertThat(Worker.KEYS.toString()).isEqualTo("InstallationKeys");
    assertThat(Worker.KEYS.requestKey().toString()).isEqualTo("HmacKey");
  }

  private static List<Path> filesIn(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.toList();
    }
  }
}
