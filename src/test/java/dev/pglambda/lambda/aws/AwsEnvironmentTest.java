package dev.pglambda.lambda.aws;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AwsEnvironmentTest {
  @TempDir Path home;

  private final Map<String, String> variables = new HashMap<>();
  private final Properties properties = new Properties();

  private AwsEnvironment environment() {
    return new AwsEnvironment(variables, properties, home);
  }

  private Path write(String name, String text) throws IOException {
    Path file = home.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  @Test
  void findsNothingInAnEmptyEnvironment() {
    variables.put("AWS_REGION", "us-east-2");
    variables.put("AWS_CA_BUNDLE", "/some/file");
    variables.put("AWS_ACCESS_KEY_ID", "");

    assertThat(environment().configuration()).isNull();
    assertThat(environment().endpointIsForeign(null)).isFalse();
  }

  @Test
  void knowsTheCommandThatRenewsASignIn() throws Exception {
    write(
        ".aws/config",
        """
        [default]
        login_session = arn:aws:iam::111122223333:user/u
        [profile corp]
        sso_session = s
        [profile role]
        source_profile = corp
        [profile keys]
        aws_access_key_id = k
        [profile one]
        source_profile = other
        [profile other]
        source_profile = one
        """);

    assertThat(signInCommand("default")).isEqualTo("aws login --profile default");
    assertThat(signInCommand("corp")).isEqualTo("aws sso login --profile corp");
    assertThat(signInCommand("role")).isEqualTo("aws sso login --profile corp");
    assertThat(signInCommand("keys")).isNull();
    assertThat(signInCommand("one")).isNull();
    assertThat(signInCommand("missing")).isNull();
  }

  private @Nullable String signInCommand(String profile) {
    variables.put("AWS_PROFILE", profile);
    return environment().signInCommand();
  }

  @ParameterizedTest
  @CsvSource({
    "AWS_ACCESS_KEY_ID, credentials in AWS_ACCESS_KEY_ID",
    "AWS_PROFILE, profile in AWS_PROFILE",
    "AWS_ENDPOINT_URL, endpoint in AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_LAMBDA, endpoint in AWS_ENDPOINT_URL_LAMBDA",
    "AWS_WEB_IDENTITY_TOKEN_FILE, web identity in AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, container credentials in"
        + " AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI, container credentials in"
        + " AWS_CONTAINER_CREDENTIALS_FULL_URI"
  })
  void findsEnvironmentVariables(String name, String reason) {
    variables.put(name, "http://localhost:1");

    assertThat(environment().configuration()).isEqualTo(reason);
  }

  @ParameterizedTest
  @CsvSource({
    "aws.accessKeyId, credentials in aws.accessKeyId",
    "aws.profile, profile in aws.profile",
    "aws.endpointUrl, endpoint in aws.endpointUrl",
    "aws.endpointUrlLambda, endpoint in aws.endpointUrlLambda",
    "aws.webIdentityTokenFile, web identity in aws.webIdentityTokenFile"
  })
  void findsSystemProperties(String name, String reason) {
    properties.setProperty(name, "http://localhost:1");

    assertThat(environment().configuration()).isEqualTo(reason);
  }

  @ParameterizedTest
  @ValueSource(strings = {".aws/config", ".aws/credentials"})
  void findsFilesAtTheirUsualPlaces(String name) throws IOException {
    Path file = write(name, "");

    assertThat(environment().configuration()).isEqualTo("profile in " + file);
  }

  @ParameterizedTest
  @ValueSource(strings = {"AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"})
  void findsFilesAtOtherPlaces(String variable) throws IOException {
    Path file = write("elsewhere", "[default]\n");
    variables.put(variable, file.toString());

    assertThat(environment().configuration()).isEqualTo("profile in " + file);
  }

  @Test
  void doesNotCountAFileThatIsNotThere() throws IOException {
    write(".aws/config", "");
    variables.put("AWS_CONFIG_FILE", "/nowhere/config");

    assertThat(environment().configuration()).isNull();
  }

  @Test
  void namesTheEndpointBeforeTheCredentials() {
    variables.put("AWS_ACCESS_KEY_ID", "AKID");
    variables.put("AWS_ENDPOINT_URL", "http://localhost:4566");

    assertThat(environment().configuration()).isEqualTo("endpoint in AWS_ENDPOINT_URL");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[profile dev]\nendpoint_url = http://localhost:1\n",
        "[profile dev]\nlambda =\n  endpoint_url = http://localhost:1\n",
        "[profile dev]\nservices = local\n[services local]\nlambda =\n  endpoint_url ="
            + " http://localhost:1\n"
      })
  void findsTheEndpointOfAProfile(String config) throws IOException {
    write(".aws/config", config);
    variables.put("AWS_PROFILE", "dev");

    assertThat(environment().configuration()).isEqualTo("endpoint in profile \"dev\"");
    assertThat(environment().endpointIsForeign(null)).isTrue();
  }

  @ParameterizedTest
  @CsvSource({
    "http://localhost:4566, true",
    "https://localhost.localstack.cloud, true",
    "http://amazonaws.com.example, true",
    "https://lambda.us-east-1.amazonaws.com, false",
    "https://vpce-1-2.lambda.us-east-1.vpce.amazonaws.com, false",
    "https://lambda.cn-north-1.amazonaws.com.cn, false",
    "https://lambda.us-east-1.api.aws, false"
  })
  void tellsAwsFromWhatStandsForIt(String endpoint, boolean foreign) {
    variables.put("AWS_ENDPOINT_URL", endpoint);

    assertThat(environment().endpointIsForeign(null)).isEqualTo(foreign);
    assertThat(
            new AwsEnvironment(Map.of(), properties, home).endpointIsForeign(URI.create(endpoint)))
        .isEqualTo(foreign);
  }

  @Test
  void takesTheConfiguredEndpointBeforeTheEnvironments() {
    variables.put("AWS_ENDPOINT_URL", "http://localhost:4566");

    assertThat(
            environment().endpointIsForeign(URI.create("https://lambda.us-east-1.amazonaws.com")))
        .isFalse();
  }

  @Test
  void looksForTheRegionWhereTheSdkDoes() throws IOException {
    assertThat(environment().ownRegion(null)).isEqualTo("us-east-1");

    write(".aws/config", "[default]\nregion = eu-north-1\n[profile dev]\nregion = eu-south-1\n");
    assertThat(environment().ownRegion(null)).isEqualTo("eu-north-1");
    variables.put("AWS_PROFILE", "dev");
    assertThat(environment().ownRegion(null)).isEqualTo("eu-south-1");
    variables.put("AWS_DEFAULT_REGION", "eu-west-3");
    assertThat(environment().ownRegion(null)).isEqualTo("eu-west-3");
    variables.put("AWS_REGION", "eu-west-2");
    assertThat(environment().ownRegion(null)).isEqualTo("eu-west-2");
    properties.setProperty("aws.region", "eu-west-1");
    assertThat(environment().ownRegion(null)).isEqualTo("eu-west-1");
    assertThat(environment().ownRegion("ap-south-1")).isEqualTo("ap-south-1");
  }

  @Test
  void doesWithoutAConfigFileThatCannotBeRead() throws IOException {
    write(".aws/config", "region = eu-north-1 outside of any profile\n");

    assertThat(environment().ownRegion(null)).isEqualTo("us-east-1");
  }
}
