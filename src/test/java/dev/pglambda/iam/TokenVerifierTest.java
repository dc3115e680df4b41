package dev.pglambda.iam;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.pglambda.config.HostAndPort.HostAndOptionalPort;
import dev.pglambda.config.IamAuthentication;
import dev.pglambda.lambda.AccessKey;
import dev.pglambda.lambda.AccessKeySource;
import dev.pglambda.lambda.aws.SdkPartitions;
import dev.pglambda.testing.TestToken;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.RejectedExecutionException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.AwsCredentials;
import software.amazon.awssdk.auth.credentials.AwsSessionCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.rds.RdsUtilities;

class TokenVerifierTest {
  private static final AccessKey KEY =
      new AccessKey("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", null);
  private static final AccessKey TEMPORARY =
      new AccessKey("ASIAIOSFODNN7EXAMPLE", KEY.secret(), "FwoG+Zt/session==token");

  private static final String HOST = "db.abc.eu-west-1.rds.amazonaws.com";
  private static final String ADDRESS = HOST + ":5432";
  private static final String REGION = "eu-west-1";
  private static final Instant MADE = Instant.parse("2026-11-22T23:50:00Z");

  private static final SdkPartitions PARTITIONS = new SdkPartitions();

  private static final IamAuthentication ON =
      new IamAuthentication(false, List.of("app"), List.of(), null);
  private static final IamAuthentication UNVERIFIED =
      new IamAuthentication(true, List.of("app"), List.of(), null);

  /** Of a signature, or of the security token. */
  private static final Pattern SECRET = Pattern.compile("[0-9a-f]{16}|FwoG");

  private static final String WRONG_SIGNATURE = "its signature is wrong";

  private static TestToken good() {
    return good(KEY);
  }

  private static TestToken good(AccessKey key) {
    return TestToken.of(key, ADDRESS, REGION, "app", MADE);
  }

  /** Null if a token counts, else why not. */
  private static @Nullable String refusal(
      IamAuthentication rules, AccessKeySource keys, Instant now, String token, String user) {
    TokenVerifier verifier =
        new TokenVerifier(rules, PARTITIONS, keys, Clock.fixed(now, ZoneOffset.UTC));
    try {
      verifier.verify(token.getBytes(ISO_8859_1), user).toCompletableFuture().join();
      return null;
    } catch (CompletionException refused) {
      assertThat(refused.getCause()).isInstanceOf(RefusedTokenException.class);
      String reason = String.valueOf(refused.getCause().getMessage());
      assertThat(reason).doesNotContainPattern(SECRET);
      return reason;
    }
  }

  private static @Nullable String refusal(String token) {
    return refusal(ON, known(KEY), MADE.plusSeconds(1), token, "app");
  }

  private static @Nullable String refusal(IamAuthentication rules, AccessKey own, String token) {
    return refusal(rules, known(own), MADE.plusSeconds(1), token, "app");
  }

  private static AccessKeySource known(AccessKey key) {
    return () -> CompletableFuture.completedFuture(key);
  }

  // ---- what counts

  private static String ofSdk(AccessKey key, String host, int port, String region, String user) {
    AwsCredentials credentials =
        key.sessionToken() == null
            ? AwsBasicCredentials.create(key.id(), key.secret())
            : AwsSessionCredentials.create(key.id(), key.secret(), key.sessionToken());
    return RdsUtilities.builder()
        .region(Region.of(region))
        .credentialsProvider(StaticCredentialsProvider.create(credentials))
        .build()
        .generateAuthenticationToken(request -> request.hostname(host).port(port).username(user));
  }

  @ParameterizedTest
  @CsvSource({
    "db.abc.eu-west-1.rds.amazonaws.com, 5432, eu-west-1, app",
    "DB.Example, 1, us-east-1, app",
    "localhost, 65535, cn-north-1, user name",
    "127.0.0.1, 5433, us-gov-west-1, a/b+c=d&e%41~*",
    "db_1, 5432, eu-west-1, b\u00e4r\u20ac",
  })
  void tokensOfTheAwsSdkForJavaCount(String host, int port, String region, String user) {
    for (AccessKey key : List.of(KEY, TEMPORARY)) {
      String token = ofSdk(key, host, port, region, user);
      String name = new String(user.getBytes(UTF_8), ISO_8859_1);

      assertThat(refusal(ON, known(key), Instant.now(), token, name)).as(token).isNull();
      assertThat(refusal(ON, known(key), Instant.now(), token, name + "x"))
          .isEqualTo("it is for another user");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {ADDRESS, "DB.Example:5432", "localhost:443", "[::1]:5432", "db_1:1"})
  void tokensByTheAlgorithmOfTheCliCount(String address) {
    for (AccessKey key : List.of(KEY, TEMPORARY)) {
      assertThat(refusal(ON, key, good(key).at(address).text())).as(address).isNull();
    }
  }

  /** What {@code aws rds generate-db-auth-token} has printed, with the clock of botocore 1.43. */
  @Test
  void tokensOfTheCliItselfCount() {
    assertThat(good().text()).isEqualTo(TokensOfTheCli.PERMANENT);
    assertThat(refusal(ON, KEY, TokensOfTheCli.PERMANENT)).isNull();
    assertThat(refusal(ON, TEMPORARY, TokensOfTheCli.TEMPORARY)).isNull();
  }

  /** Older versions of the AWS SDK for Go leave the path out, some the encoding of a slash. */
  @Test
  void otherSpellingsOfTheSameCount() {
    String token = good().text();

    assertThat(refusal(token.replace("/?", "?"))).isNull();
    assertThat(refusal(token.replace("%2F", "/"))).isNull();
    assertThat(refusal(token.replace("%2F", "%2f"))).isNull();
    assertThat(refusal(token.replace("connect", "%63onnect"))).isNull();
    String[] parts = token.split("\\?", -1);
    List<String> parameters = new ArrayList<>(List.of(parts[1].split("&", -1)));
    Collections.reverse(parameters);
    assertThat(refusal(parts[0] + "?" + String.join("&", parameters))).isNull();
  }

  @Test
  void aParameterMoreCountsIfItIsSigned() {
    assertThat(refusal(good().with("X-Amz-Content-Sha256", "none").text())).isNull();
    assertThat(refusal(good().text() + "&X-Amz-Content-Sha256=none")).isEqualTo(WRONG_SIGNATURE);
  }

  // ---- what does not

  @Test
  void noCharacterMayBeAltered() {
    for (AccessKey key : List.of(KEY, TEMPORARY)) {
      String token = good(key).text();
      for (int i = 0; i < token.length(); i++) {
        char other = token.charAt(i) == 'a' ? 'b' : 'a';
        String altered = token.substring(0, i) + other + token.substring(i + 1);
        assertThat(refusal(ON, key, altered)).as(altered).isNotNull();
        String shorter = token.substring(0, i) + token.substring(i + 1);
        if (!shorter.equals(token.replace("/?", "?"))) {
          assertThat(refusal(ON, key, shorter)).as(shorter).isNotNull();
        }
        assertThat(refusal(ON, key, token.substring(0, i))).isNotNull();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Action",
        "DBUser",
        "X-Amz-Algorithm",
        "X-Amz-Credential",
        "X-Amz-Date",
        "X-Amz-Expires",
        "X-Amz-SignedHeaders",
        "X-Amz-Security-Token"
      })
  void noParameterMayBeLeftOutOrBeThereTwice(String name) {
    String missing = refusal(ON, TEMPORARY, good(TEMPORARY).without(name).text());
    assertThat(missing)
        .isEqualTo(
            name.endsWith("Token")
                ? "its security token is not that of its access key"
                : "no parameter " + name);

    String token = good(TEMPORARY).text();
    for (String again :
        List.of(name, "%" + Integer.toHexString(name.charAt(0)) + name.substring(1))) {
      for (IamAuthentication rules : List.of(ON, UNVERIFIED)) {
        assertThat(refusal(rules, TEMPORARY, token + "&" + again + "=connect"))
            .isEqualTo("a parameter is there twice");
        assertThat(refusal(rules, TEMPORARY, token.replace("?", "?" + again + "=app&")))
            .isEqualTo("a parameter is there twice");
      }
    }
  }

  @Test
  void theSignatureIsThereOnceAndInLowerCase() {
    String token = good().text();
    String signature = token.replaceFirst(".*&", "");

    assertThat(refusal(token + "&" + signature)).isEqualTo("a parameter is there twice");
    assertThat(refusal(token.replace("&" + signature, "")))
        .isEqualTo("no parameter X-Amz-Signature");
    String upper = signature.replaceFirst("=.*", "=" + "A".repeat(64));
    assertThat(refusal(token.replace(signature, upper))).isEqualTo("malformed signature");
    assertThat(refusal(token + "0")).isEqualTo("malformed signature");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Action | Connect | another Action than connect",
        "Action | connect2 | another Action than connect",
        "DBUser | App | it is for another user",
        "DBUser | ap | it is for another user",
        "DBUser | apps | it is for another user",
        "X-Amz-Algorithm | AWS4-ECDSA-P256-SHA256 | another X-Amz-Algorithm than AWS4-HMAC-SHA256",
        "X-Amz-SignedHeaders | host;x | another X-Amz-SignedHeaders than host",
        "X-Amz-SignedHeaders | Host | another X-Amz-SignedHeaders than host",
        "X-Amz-Date | 20261122T235000 | malformed X-Amz-Date",
        "X-Amz-Date | 20261131T235000Z | malformed X-Amz-Date",
        "X-Amz-Date | 2026-11-22T23:50:00Z | malformed X-Amz-Date",
        "X-Amz-Date | 20261121T235000Z | its credentials are for another day than its date",
        "X-Amz-Expires | 901 | it is valid for 901 s (expected: at most 900 s)",
        "X-Amz-Expires | 999999999 | it is valid for 999999999 s (expected: at most 900 s)",
        "X-Amz-Expires | 9999999999 | malformed X-Amz-Expires",
        "X-Amz-Expires | 0 | malformed X-Amz-Expires",
        "X-Amz-Expires | -900 | malformed X-Amz-Expires",
        "X-Amz-Expires | 0900 | malformed X-Amz-Expires",
        "X-Amz-Credential | ID/20261122/eu-west-1/rds/aws4_request | malformed X-Amz-Credential",
        "X-Amz-Credential | ID/20261122/eu-west-1/rds-db/aws4 | malformed X-Amz-Credential",
        "X-Amz-Credential | ID/20261122/rds-db/aws4_request | malformed X-Amz-Credential",
        "X-Amz-Credential | a/ID/20261122/eu-west-1/rds-db/aws4_request | malformed X-Amz-Credential",
        "X-Amz-Credential | ID/20261121/eu-west-1/rds-db/aws4_request | its credentials are for"
            + " another day than its date",
        "X-Amz-Credential | ID/20261122/local/rds-db/aws4_request | its region is none of AWS",
        "X-Amz-Credential | ID/20261122/us-east-99/rds-db/aws4_request | its region is none of AWS",
      })
  void whatIsSignedMustBeRightAllTheSame(String name, String value, String reason) {
    String token = good().with(name, value).text();

    assertThat(refusal(token)).isEqualTo(reason);
    assertThat(refusal(UNVERIFIED, TEMPORARY, token)).isEqualTo(reason);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "&", "&&x=y", "&x", "&=y", "&x=%", "&x=%4", "&x=%4g", "&x=%%41", "&x=+", "&x=a+b", "&x=#",
        "&x=?", "&x=%+1", "&x=<", "&x=\"", "&+x=y", "&x=%-1"
      })
  void whatCanBeReadInMoreThanOneWayIsRefused(String more) {
    String token = good().text();

    assertThat(refusal(token + more)).isEqualTo("malformed parameters");
    assertThat(refusal(token.replace("&DBUser", more + "&DBUser")))
        .isEqualTo("malformed parameters");
    assertThat(refusal(UNVERIFIED, TEMPORARY, token + more)).isEqualTo("malformed parameters");
  }

  @Test
  void thereIsAnEndToTheParameters() {
    StringBuilder token = new StringBuilder(good().text());
    for (int i = 0; i < 20; i++) {
      token.append("&x").append(i).append("=y");
    }

    assertThat(refusal(token.toString())).isEqualTo("more than 20 parameters");
    assertThat(refusal(good().text() + "&x=%2F".repeat(5_000)))
        .isEqualTo("more than 20 parameters");
    assertThat(refusal(good().text() + "&x=" + "/".repeat(16_000))).isEqualTo(WRONG_SIGNATURE);
  }

  // ---- time

  @ParameterizedTest
  @CsvSource({
    "PT0S, true",
    "PT14M59.999S, true",
    "PT15M, false",
    "PT24H, false",
    "-PT5M, true",
    "-PT5M1S, false",
    "-PT24H, false"
  })
  void countsForFifteenMinutesAndIfClocksDiffer(Duration later, boolean counts) {
    Instant now = MADE.plus(later);
    String reason = refusal(ON, known(KEY), now, good().text(), "app");

    if (counts) {
      assertThat(reason).isNull();
    } else {
      assertThat(reason)
          .isEqualTo(
              later.isNegative()
                  ? "it was made in the future, at " + MADE
                  : "it has expired, as it was made at " + MADE);
    }
    assertThat(refusal(UNVERIFIED, known(TEMPORARY), now, good().text(), "app")).isEqualTo(reason);
  }

  @Test
  void countsForLessIfItSaysSo() {
    String token = good().with("X-Amz-Expires", "60").text();

    assertThat(refusal(ON, known(KEY), MADE.plusSeconds(59), token, "app")).isNull();
    assertThat(refusal(ON, known(KEY), MADE.plusSeconds(60), token, "app"))
        .startsWith("it has expired");
  }

  // ---- host

  @ParameterizedTest
  @CsvSource({
    "db.abc.eu-west-1.rds.amazonaws.com, , true",
    "DB.abc.eu-west-1.rds.amazonaws.com, 5432, true",
    "db.abc.eu-west-1.rds.amazonaws.com, 5433, false",
    "abc.eu-west-1.rds.amazonaws.com, , false",
    "db, 5432, false",
  })
  void isForOneOfTheHostsThatAreConfigured(String host, @Nullable Integer port, boolean counts) {
    HostAndOptionalPort configured = new HostAndOptionalPort(host, port);
    HostAndOptionalPort other = new HostAndOptionalPort("other", null);
    for (boolean unverified : new boolean[] {false, true}) {
      for (List<HostAndOptionalPort> hosts :
          List.of(List.of(configured), List.of(other, configured), List.of(configured, other))) {
        String reason =
            refusal(
                new IamAuthentication(unverified, List.of("app"), hosts, null), KEY, good().text());

        if (counts) {
          assertThat(reason).isNull();
        } else {
          assertThat(reason).isEqualTo("it is for " + ADDRESS + " (expected: --iam-host)");
        }
      }
    }
  }

  @Test
  void anIpv6AddressIsConfiguredWithoutItsBrackets() {
    HostAndOptionalPort address = new HostAndOptionalPort("::1", 5432);
    IamAuthentication rules = new IamAuthentication(false, List.of("app"), List.of(address), null);

    assertThat(refusal(rules, KEY, good().at("[::1]:5432").text())).isNull();
  }

  // ---- signature

  @Test
  void anotherAccessKeyCountsOnlyIfTokensNeedNotBeSigned() {
    String token = good().text();

    assertThat(refusal(ON, TEMPORARY, token))
        .isEqualTo(
            "it is signed with access key AKIAIOSFODNN7EXAMPLE, and the proxy has"
                + " ASIAIOSFODNN7EXAMPLE");
    assertThat(refusal(UNVERIFIED, TEMPORARY, token)).isNull();
  }

  @Test
  void theProxysOwnAccessKeyMustHaveSignedItInAnyCase() {
    AccessKey other = new AccessKey(KEY.id(), "another secret", null);

    assertThat(refusal(ON, other, good().text())).isEqualTo(WRONG_SIGNATURE);
    assertThat(refusal(UNVERIFIED, other, good().text())).isEqualTo(WRONG_SIGNATURE);
  }

  @Test
  void theSecurityTokenIsThatOfTheAccessKey() {
    String reason = "its security token is not that of its access key";
    AccessKey without = new AccessKey(TEMPORARY.id(), TEMPORARY.secret(), null);
    AccessKey other = new AccessKey(TEMPORARY.id(), TEMPORARY.secret(), "another");

    assertThat(refusal(ON, TEMPORARY, good(TEMPORARY).text())).isNull();
    assertThat(refusal(ON, TEMPORARY, good(without).text())).isEqualTo(reason);
    assertThat(refusal(ON, TEMPORARY, good(other).text())).isEqualTo(reason);
    assertThat(refusal(ON, without, good(TEMPORARY).text())).isEqualTo(reason);
    assertThat(refusal(UNVERIFIED, TEMPORARY, good(other).text())).isEqualTo(reason);
  }

  private enum Failing implements AccessKeySource {
    LATE {
      @Override
      public CompletableFuture<AccessKey> current() {
        return CompletableFuture.supplyAsync(
            () -> {
              throw new IllegalStateException("unable\nto load");
            });
      }
    },
    AT_ONCE {
      @Override
      public CompletableFuture<AccessKey> current() {
        return CompletableFuture.failedFuture(new IllegalStateException("unable\nto load"));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Failing.class)
  void withoutCredentialsNoSignatureCounts(AccessKeySource failing) {
    Instant now = MADE.plusSeconds(1);

    assertThat(refusal(ON, failing, now, good().text(), "app"))
        .isEqualTo(
            "it is signed with access key AKIAIOSFODNN7EXAMPLE, and the proxy has no AWS"
                + " credentials: unable to load");
    assertThat(refusal(UNVERIFIED, failing, now, good().text(), "app")).isNull();
  }

  @Test
  void aProxyThatStopsRefuses() {
    AccessKeySource closed =
        () -> {
          throw new RejectedExecutionException();
        };
    for (IamAuthentication rules : List.of(ON, UNVERIFIED)) {
      TokenVerifier verifier =
          new TokenVerifier(rules, PARTITIONS, closed, Clock.fixed(MADE, ZoneOffset.UTC));

      assertThat(verifier.verify(good().text().getBytes(ISO_8859_1), "app").toCompletableFuture())
          .isCompletedExceptionally();
    }
  }

  @Test
  void credentialsAreNotAskedForWhereTheTokenIsWrongAnyway() {
    AccessKeySource never =
        () -> {
          throw new AssertionError("asked");
        };

    assertThat(refusal(ON, never, MADE.plusSeconds(900), good().text(), "app"))
        .startsWith("it has expired");
    assertThat(refusal(ON, never, MADE, good().text(), "apps")).isEqualTo("it is for another user");
  }

  // ---- users

  @Test
  void isForUsersWhoAreNamedAndForNamesThatTheServerMakesTheirs() {
    String longest = "a".repeat(63);
    TokenVerifier some = verifierFor("app", longest);

    assertThat(List.of("app", "app@", longest, longest + "b", longest + "@"))
        .allMatch(user -> some.isFor(user, "db"));
    assertThat(List.of("", "App", "ap", "app ", "apps", "app@db", "app@@", "a".repeat(62), "*"))
        .noneMatch(user -> some.isFor(user, "db"));
    assertThat(List.of("", "app", "anybody")).allMatch(user -> verifierFor("*").isFor(user, "db"));
    assertThat(verifierFor("app@db").isFor("app", "db")).isTrue();
    assertThat(verifierFor("app@db").isFor("app", "other")).isFalse();
  }

  private static TokenVerifier verifierFor(String... users) {
    return new TokenVerifier(
        new IamAuthentication(false, List.of(users), List.of(), null),
        PARTITIONS,
        known(KEY),
        Clock.systemUTC());
  }

  @Test
  void nothingShowsASecret() {
    AuthenticationToken token =
        AuthenticationToken.parse(good(TEMPORARY).text().getBytes(ISO_8859_1));

    assertThat(token).hasToString("AuthenticationToken[" + ADDRESS + "]");
    assertThat(TEMPORARY).hasToString("AccessKey[ASIAIOSFODNN7EXAMPLE]");
  }
}
