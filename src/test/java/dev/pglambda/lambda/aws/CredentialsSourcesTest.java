package dev.pglambda.lambda.aws;

import static dev.pglambda.lambda.aws.FakeSignIn.GOOD_TOKEN;
import static dev.pglambda.lambda.aws.FakeSignIn.REFRESH_TOKEN;
import static dev.pglambda.lambda.aws.FakeSignIn.SECRET;
import static dev.pglambda.testing.Awaiting.await;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.testing.FakeLambdaEndpoint;
import dev.pglambda.testing.Reply;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Every source of credentials that the AWS CLI has, up to a request that is signed with them; and
 * that nothing of them is logged.
 */
@Timeout(120)
class CredentialsSourcesTest {
  private static final String START = "https://corp.awsapps.com/start";
  private static final String LOGIN = "arn:aws:iam::111122223333:user/somebody";

  @TempDir private Path home;

  private final FakeLambdaEndpoint endpoint = FakeLambdaEndpoint.start();
  private final Map<String, String> environment = new HashMap<>();
  private FakeSignIn aws;

  @BeforeEach
  void start() throws Exception {
    aws = FakeSignIn.start();
    environment.putAll(aws.environment());
    endpoint.on("f", Reply.json("{}"));
  }

  @AfterEach
  void stop() {
    aws.close();
    endpoint.close();
  }

  @Test
  void identityCenter() throws Exception {
    config("[default]", legacySso());
    token(START, GOOD_TOKEN, Duration.ofHours(1), "");

    assertSignedBy("ASIASSO");
    assertThat(aws.requests).containsExactly("sso role_name=caller&account_id=111122223333");
  }

  @Test
  void identityCenterWithASessionThatIsRefreshed() throws Exception {
    session();
    token("one", "old-token-" + SECRET, Duration.ofMinutes(-1), registration(REFRESH_TOKEN));

    assertSignedBy("ASIASSO");
    assertThat(aws.requests).first().isEqualTo("oidc true");
  }

  @Test
  void aRoleOfASignIn() throws Exception {
    config("[profile corp]", legacySso(), "[profile work]", role("outer", "source_profile = corp"));
    environment.put("AWS_PROFILE", "work");
    token(START, GOOD_TOKEN, Duration.ofHours(1), "");

    assertSignedBy("ASIAOUTER");
    assertThat(aws.requests).last().isEqualTo("sts outer by ASIASSO");
  }

  @Test
  void anExpiredSignInSaysHowItIsRenewedAndThenIs() throws Exception {
    config("[profile corp]", legacySso(), "[profile work]", role("outer", "source_profile = corp"));
    environment.put("AWS_PROFILE", "work");
    token(START, GOOD_TOKEN, Duration.ofMinutes(-1), "");

    try (CallingProcess process = process()) {
      String command = "aws sso login --profile corp";
      assertThat(process.call())
          .contains("has expired")
          .endsWith("HINT If the sign-in has expired, \"" + command + "\" renews it.]");
      // The rehearsal's own line; the call does not wait for it.
      await("a warning")
          .until(
              () -> process.log().matches("(?s).*WARN  No AWS credentials: .*" + command + ".*"));

      token(START, GOOD_TOKEN, Duration.ofHours(1), "");
      assertThat(process.call()).isEqualTo("200");
      assertNothingIsTold(process);
    }
  }

  @Test
  void aSignInThatThePortalRefusesSaysHowItIsRenewed() throws Exception {
    config("[default]", legacySso());
    token(START, "ended-token-" + SECRET, Duration.ofHours(1), "");

    try (CallingProcess process = process()) {
      assertThat(process.call())
          .startsWith("[Session token not found or invalid, HINT ")
          .contains("\"aws sso login --profile default\"");
      assertNothingIsTold(process);
    }
  }

  @Test
  void aSessionThatCannotBeRefreshedSaysHowItIsRenewedAndThenIs() throws Exception {
    session();
    token("one", "old-" + SECRET, Duration.ofMinutes(-1), registration("unknown-" + SECRET));

    try (CallingProcess process = process()) {
      assertThat(process.call()).contains("\"aws sso login --profile corp\"");

      token("one", GOOD_TOKEN, Duration.ofHours(1), registration(REFRESH_TOKEN));
      assertThat(process.call()).isEqualTo("200");
      assertNothingIsTold(process);
    }
  }

  @Test
  void login() throws Exception {
    config("[profile me]", "login_session = " + LOGIN, "region = us-east-1");
    environment.put("AWS_PROFILE", "me");
    loginToken(Duration.ofHours(1), REFRESH_TOKEN);

    assertSignedBy("ASIALOGIN");
    assertThat(aws.requests).isEmpty();
  }

  @Test
  void loginThatIsRefreshed() throws Exception {
    config("[default]", "login_session = " + LOGIN, "region = us-east-1");
    loginToken(Duration.ofMinutes(-1), REFRESH_TOKEN);

    assertSignedBy("ASIALOGINNEW");
    assertThat(aws.requests).containsExactly("signin true true");
  }

  @Test
  void anExpiredLoginSaysHowItIsRenewedAndThenIs() throws Exception {
    config("[profile me]", "login_session = " + LOGIN, "region = us-east-1");
    environment.put("AWS_PROFILE", "me");
    loginToken(Duration.ofMinutes(-1), "unknown-" + SECRET);

    try (CallingProcess process = process()) {
      assertThat(process.call()).contains("\"aws login --profile me\"");

      loginToken(Duration.ofHours(1), REFRESH_TOKEN);
      assertThat(process.call()).isEqualTo("200");
      assertNothingIsTold(process);
    }
  }

  @Test
  void aProgram() throws Exception {
    Path program = home.resolve("program");
    Files.writeString(
        program,
        """
        #!/bin/sh
        echo '{"Version": 1, "AccessKeyId": "AKIAPROGRAM", "SecretAccessKey": "secret-%s"}'
        """
            .formatted(SECRET));
    assertThat(program.toFile().setExecutable(true)).isTrue();
    config("[default]", "credential_process = " + program);

    assertSignedBy("AKIAPROGRAM");
  }

  @Test
  void aChainOfRoles() throws Exception {
    config(
        "[profile keys]",
        "aws_access_key_id = AKIAKEYS",
        "aws_secret_access_key = secret-" + SECRET,
        "[profile first]",
        role("inner", "source_profile = keys"),
        "[profile second]",
        role("outer", "source_profile = first"));
    environment.put("AWS_PROFILE", "second");

    assertSignedBy("ASIAOUTER");
    assertThat(aws.requests).containsExactly("sts inner by AKIAKEYS", "sts outer by ASIAINNER");
  }

  @Test
  void aRoleOfAContainer() throws Exception {
    config("[profile p]", role("outer", "credential_source = EcsContainer"));
    environment.put("AWS_PROFILE", "p");
    container();

    assertSignedBy("ASIAOUTER");
    assertThat(aws.requests).containsExactly("container true", "sts outer by ASIACONTAINER");
  }

  @Test
  void aContainer() throws Exception {
    container();

    assertSignedBy("ASIACONTAINER");
    assertThat(aws.requests).containsExactly("container true");
  }

  @Test
  void webIdentity() throws Exception {
    Path token = Files.writeString(home.resolve("identity"), "web-identity-" + SECRET);
    environment.put("AWS_WEB_IDENTITY_TOKEN_FILE", token.toString());
    environment.put("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/pod");

    assertSignedBy("ASIAPOD");
    assertThat(aws.requests).containsExactly("sts pod by web identity");
  }

  private void container() throws IOException {
    Path token = Files.writeString(home.resolve("pass"), "pass-" + SECRET);
    environment.put("AWS_CONTAINER_CREDENTIALS_FULL_URI", aws.url("container"));
    environment.put("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", token.toString());
  }

  private void assertSignedBy(String accessKey) throws Exception {
    try (CallingProcess process = process()) {
      assertThat(process.call()).isEqualTo("200");
      assertThat(endpoint.onlyRequest().accessKeyId()).isEqualTo(accessKey);
      assertNothingIsTold(process);
    }
  }

  private static void assertNothingIsTold(CallingProcess process) throws Exception {
    process.close();
    assertThat(process.log()).contains("DEBUG").doesNotContain(SECRET);
  }

  private CallingProcess process() throws IOException {
    environment.putIfAbsent("AWS_REGION", "us-east-1");
    return CallingProcess.start(home, endpoint.uri(), environment);
  }

  private void config(String... lines) throws IOException {
    Path directory = Files.createDirectories(home.resolve(".aws"));
    Files.write(directory.resolve("config"), Arrays.asList(lines));
  }

  private static String legacySso() {
    return String.join("\n", "sso_start_url = " + START, "sso_region = us-east-1", account());
  }

  private void session() throws IOException {
    config(
        "[profile corp]",
        "sso_session = one",
        account(),
        "[sso-session one]",
        "sso_region = us-east-1",
        "sso_start_url = " + START);
    environment.put("AWS_PROFILE", "corp");
  }

  private static String account() {
    return "sso_account_id = 111122223333\nsso_role_name = caller";
  }

  private static String role(String name, String source) {
    return "role_arn = arn:aws:iam::111122223333:role/" + name + "\n" + source;
  }

  /** What {@code aws sso login} leaves behind. */
  private void token(String key, String token, Duration left, String more) throws Exception {
    cache(
        "sso",
        digest("SHA-1", key),
        "{\"startUrl\": \"%s\", \"region\": \"us-east-1\", \"accessToken\": \"%s\", \"expiresAt\": \"%s\"%s}"
            .formatted(START, token, fromNow(left), more));
  }

  private static String registration(String refreshToken) {
    return ", \"clientId\": \"client\", \"clientSecret\": \"client-%s\", \"registrationExpiresAt\": \"%s\", \"refreshToken\": \"%s\""
        .formatted(SECRET, fromNow(Duration.ofDays(30)), refreshToken);
  }

  /** What {@code aws login} leaves behind. */
  private void loginToken(Duration left, String refreshToken) throws Exception {
    cache(
        "login",
        digest("SHA-256", LOGIN),
        """
        {"accessToken": {"accessKeyId": "ASIALOGIN", "secretAccessKey": "secret-%1$s",
          "sessionToken": "session-%1$s", "accountId": "111122223333", "expiresAt": "%2$s"},
         "tokenType": "aws_sigv4", "clientId": "arn:aws:signin:::devtools/same-device",
         "refreshToken": "%3$s", "idToken": "id-%1$s", "identityToken": "id-%1$s", "dpopKey": "%4$s"}
        """
            .formatted(SECRET, fromNow(left), refreshToken, key()));
  }

  /** A private key on P-256 as SEC 1 has it (RFC 5915), in PEM, for JSON. */
  private static String key() throws Exception {
    KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
    generator.initialize(new ECGenParameterSpec("secp256r1"));
    var pair = generator.generateKeyPair();
    String hex =
        "30770201010420"
            + number(((ECPrivateKey) pair.getPrivate()).getS())
            + "a00a06082a8648ce3d030107a14403420004"
            + number(((ECPublicKey) pair.getPublic()).getW().getAffineX())
            + number(((ECPublicKey) pair.getPublic()).getW().getAffineY());
    String base64 = Base64.getEncoder().encodeToString(HexFormat.of().parseHex(hex));
    return "-----BEGIN EC PRIVATE KEY-----\\n" + base64 + "\\n-----END EC PRIVATE KEY-----\\n";
  }

  private static String number(BigInteger value) {
    return "%064x".formatted(value);
  }

  private void cache(String kind, String name, String content) throws IOException {
    Path directory = Files.createDirectories(home.resolve(".aws").resolve(kind).resolve("cache"));
    Files.writeString(directory.resolve(name + ".json"), content);
  }

  private static String digest(String algorithm, String text) throws Exception {
    return HexFormat.of()
        .formatHex(MessageDigest.getInstance(algorithm).digest(text.getBytes(UTF_8)));
  }

  private static String fromNow(Duration left) {
    return Instant.ofEpochSecond(Instant.now().plus(left).getEpochSecond()).toString();
  }
}
