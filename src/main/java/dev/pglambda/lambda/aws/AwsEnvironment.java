package dev.pglambda.lambda.aws;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.profiles.Profile;
import software.amazon.awssdk.profiles.ProfileFile;

/**
 * What the process's environment says about AWS, read from the places where the AWS SDK for Java
 * looks: system properties, environment variables and the shared config and credentials files (AWS
 * SDKs and Tools Reference Guide). Reads files, never the network. The SDK reads the same settings
 * itself; this class answers the questions that must be answered before it is asked.
 */
public final class AwsEnvironment {
  private static final String FALLBACK_REGION = "us-east-1";

  /** In the order in which the SDK looks for an endpoint. */
  private static final List<String> ENDPOINTS =
      List.of(
          "aws.endpointUrlLambda",
          "aws.endpointUrl",
          "AWS_ENDPOINT_URL_LAMBDA",
          "AWS_ENDPOINT_URL");

  /** In the order in which the SDK looks for credentials; what each name stands for. */
  private static final List<Map.Entry<String, String>> CREDENTIALS =
      List.of(
          Map.entry("aws.accessKeyId", "credentials"),
          Map.entry("AWS_ACCESS_KEY_ID", "credentials"),
          Map.entry("aws.webIdentityTokenFile", "web identity"),
          Map.entry("AWS_WEB_IDENTITY_TOKEN_FILE", "web identity"),
          Map.entry("aws.profile", "profile"),
          Map.entry("AWS_PROFILE", "profile"),
          Map.entry("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "container credentials"),
          Map.entry("AWS_CONTAINER_CREDENTIALS_FULL_URI", "container credentials"));

  /** Ends of the host names under which AWS itself answers, in all its partitions. */
  private static final List<String> AWS_DOMAINS =
      List.of(
          ".amazonaws.com",
          ".amazonaws.com.cn",
          ".amazonaws.eu",
          ".api.aws",
          ".c2s.ic.gov",
          ".sc2s.sgov.gov",
          ".cloud.adc-e.uk",
          ".csp.hci.ic.gov");

  /** Either makes it a profile of IAM Identity Center. */
  private static final List<String> SIGN_ON = List.of("sso_session", "sso_start_url");

  private final Map<String, String> environment;
  private final Properties properties;
  private final Path home;

  /** Looks at variables, system properties, and {@code .aws} in the home directory. */
  public AwsEnvironment(Map<String, String> environment, Properties properties, Path home) {
    this.environment = environment;
    this.properties = properties;
    this.home = home;
  }

  /** The environment of this process. */
  public static AwsEnvironment ofProcess() {
    Map<String, String> environment = System.getenv();
    String home = environment.getOrDefault("HOME", System.getProperty("user.home", "."));
    return new AwsEnvironment(environment, System.getProperties(), Path.of(home));
  }

  /**
   * Says why AWS, or an endpoint that stands for it, seems to be configured, for example {@code
   * endpoint in AWS_ENDPOINT_URL}; null if nothing was found.
   */
  public @Nullable String configuration() {
    Found endpoint = configuredEndpoint();
    if (endpoint != null) {
      return "endpoint in " + endpoint.source();
    }
    for (Map.Entry<String, String> candidate : CREDENTIALS) {
      if (setting(candidate.getKey()) != null) {
        return candidate.getValue() + " in " + candidate.getKey();
      }
    }
    for (Path file : List.of(configFile(), credentialsFile())) {
      if (Files.isRegularFile(file)) {
        return "profile in " + file;
      }
    }
    return null;
  }

  /**
   * The region of calls that name none: what is configured for the proxy, else the SDK's own
   * settings (system property, environment, profile; never the instance metadata service, which
   * takes seconds where there is none), else {@code us-east-1}.
   */
  public String ownRegion(@Nullable String configured) {
    if (configured != null) {
      return configured;
    }
    // AWS_DEFAULT_REGION is what the AWS CLI and most other SDKs read.
    return firstSetting("aws.region", "AWS_REGION", "AWS_DEFAULT_REGION")
        .or(() -> profileProperty("region"))
        .orElse(FALLBACK_REGION);
  }

  /** The same with another profile than it names, and with all that the profile says. */
  AwsEnvironment withProfile(@Nullable String profile) {
    if (profile == null) {
      return this;
    }
    Properties changed = new Properties();
    properties.forEach(changed::put);
    changed.put("aws.profile", profile);
    return new AwsEnvironment(environment, changed, home);
  }

  /** HTTP proxies, and whom to trust. */
  Network network() {
    HttpProxies proxies = new HttpProxies(environment, properties);
    String file = setting("AWS_CA_BUNDLE");
    if (file != null) {
      return new Network(proxies, Path.of(file), "AWS_CA_BUNDLE", isContainer());
    }
    Path bundle = profileProperty("ca_bundle").map(Path::of).orElse(null);
    String source = "ca_bundle of profile \"" + profileName() + "\"";
    return new Network(proxies, bundle, source, isContainer());
  }

  /** As systemd has it ("The Container Interface"), Podman, and the image of this project. */
  private boolean isContainer() {
    return setting("container") != null;
  }

  /**
   * Whether calls go to something that is not AWS, such as a local stand-in, by the proxy's
   * configuration or else the SDK's.
   */
  boolean endpointIsForeign(@Nullable URI configured) {
    if (configured != null) {
      return isForeign(configured.getHost());
    }
    Found found = configuredEndpoint();
    if (found == null) {
      return false;
    }
    try {
      return isForeign(new URI(found.value()).getHost());
    } catch (URISyntaxException invalid) {
      return true; // The SDK will say so when the first client is built.
    }
  }

  private static boolean isForeign(@Nullable String host) {
    return host == null || AWS_DOMAINS.stream().noneMatch(host::endsWith);
  }

  /**
   * The command of the AWS CLI that renews the sign-in from which the profile's credentials come;
   * null if they come from elsewhere.
   */
  @Nullable String signInCommand() {
    ProfileFile files = profileFile().orElse(null);
    Set<String> passed = new HashSet<>();
    String name = profileName();
    // A role's credentials come from its source profile's, and so on.
    while (files != null && name != null && passed.add(name)) {
      Profile profile = files.profile(name).orElse(null);
      if (profile == null) {
        return null;
      }
      boolean signedIn = profile.property("login_session").isPresent();
      if (signedIn || SIGN_ON.stream().anyMatch(key -> profile.property(key).isPresent())) {
        return (signedIn ? "aws login" : "aws sso login") + " --profile " + name;
      }
      name = profile.property("source_profile").orElse(null);
    }
    return null;
  }

  /** A setting and the place where it was found. */
  private record Found(String source, String value) {}

  private @Nullable Found configuredEndpoint() {
    for (String name : ENDPOINTS) {
      String value = setting(name);
      if (value != null) {
        return new Found(name, value);
      }
    }
    return profileProperty("services")
        .flatMap(name -> profileFile().flatMap(file -> file.getSection("services", name)))
        .flatMap(services -> services.property("lambda.endpoint_url"))
        .or(() -> profileProperty("lambda.endpoint_url"))
        .or(() -> profileProperty("endpoint_url"))
        .map(value -> new Found("profile \"" + profileName() + "\"", value))
        .orElse(null);
  }

  /** A system property or an environment variable: their names cannot be mistaken. */
  private @Nullable String setting(String name) {
    String value = name.startsWith("aws.") ? properties.getProperty(name) : environment.get(name);
    return value == null || value.isBlank() ? null : value;
  }

  private Optional<String> profileProperty(String name) {
    return profileFile()
        .flatMap(file -> file.profile(profileName()))
        .flatMap(profile -> profile.property(name));
  }

  private String profileName() {
    return firstSetting("aws.profile", "AWS_PROFILE").orElse("default");
  }

  private Path configFile() {
    return file("aws.configFile", "AWS_CONFIG_FILE", "config");
  }

  private Path credentialsFile() {
    return file("aws.sharedCredentialsFile", "AWS_SHARED_CREDENTIALS_FILE", "credentials");
  }

  private Path file(String property, String variable, String name) {
    return firstSetting(property, variable)
        .map(Path::of)
        .orElse(home.resolve(".aws").resolve(name));
  }

  private Optional<String> firstSetting(String... names) {
    return Arrays.stream(names).flatMap(name -> Stream.ofNullable(setting(name))).findFirst();
  }

  /** Both files as one; empty if there is none, or one that the SDK cannot read either. */
  private Optional<ProfileFile> profileFile() {
    try {
      ProfileFile.Aggregator files = ProfileFile.aggregator();
      add(files, configFile(), ProfileFile.Type.CONFIGURATION);
      add(files, credentialsFile(), ProfileFile.Type.CREDENTIALS);
      return Optional.of(files.build());
    } catch (RuntimeException unreadable) {
      return Optional.empty();
    }
  }

  private static void add(ProfileFile.Aggregator files, Path file, ProfileFile.Type type) {
    if (Files.isRegularFile(file)) {
      files.addFile(ProfileFile.builder().content(file).type(type).build());
    }
  }
}
