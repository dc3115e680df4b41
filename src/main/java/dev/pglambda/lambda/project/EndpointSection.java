package dev.pglambda.lambda.project;

import dev.pglambda.lambda.project.SourceValue.Shape;
import dev.pglambda.lambda.route.Dialect;
import dev.pglambda.lambda.route.Endpoint;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The part {@code endpoint} of a route: something that speaks the Invoke API. */
final class EndpointSection {
  static final List<String> KEYS =
      List.of(
          "url",
          "region",
          "dialect",
          "profile",
          "role",
          "connect_timeout",
          "request_timeout",
          "retries");
  static final List<String> DIALECT_KEYS = List.of("name", "qualifier", "log_type");
  static final String URL_FORM = "http:// or https://, a host, and no password or query";

  private static final int MOST_RETRIES = 10;
  private static final Pattern REGION = Pattern.compile("[a-z]{2,8}(-[a-z]+)+-\\d");
  private static final Map<String, Dialect.NameForm> NAMES =
      Map.of(
          "as-is", Dialect.NameForm.AS_IS,
          "bare", Dialect.NameForm.BARE,
          "function", Dialect.NameForm.FUNCTION);
  private static final Map<String, Dialect.QualifierForm> QUALIFIERS =
      Map.of(
          "as-is", Dialect.QualifierForm.AS_IS,
          "suffix", Dialect.QualifierForm.SUFFIX,
          "drop", Dialect.QualifierForm.DROP);

  private EndpointSection() {}

  static Endpoint read(SourceValue value) throws FunctionsException {
    Section endpoint = Section.of(value, "endpoint", KEYS);
    return new Endpoint(
        url(endpoint),
        endpoint.text("region", REGION, "an AWS region, such as eu-west-1"),
        dialect(endpoint),
        endpoint.text("profile", "the name of a profile"),
        endpoint.text("role", FunctionsFile.ROLE, FunctionsFile.ROLE_FORM),
        endpoint.duration("connect_timeout"),
        endpoint.duration("request_timeout"),
        endpoint.integer("retries", 0, MOST_RETRIES));
  }

  private static @Nullable URI url(Section endpoint) throws FunctionsException {
    String text = endpoint.text("url", URL_FORM);
    // The message does not repeat the text, in which there may be a password.
    return text == null
        ? null
        : url(text).orElseThrow(() -> endpoint.wrong("url", "another form", URL_FORM));
  }

  /** The URL of an endpoint; empty if it has another form. */
  static Optional<URI> url(String text) {
    try {
      URI url = new URI(text);
      boolean plain =
          url.getHost() != null
              && url.getUserInfo() == null
              && url.getQuery() == null
              && url.getFragment() == null;
      return plain && text.matches("https?://.*") ? Optional.of(url) : Optional.empty();
    } catch (URISyntaxException malformed) {
      return Optional.empty();
    }
  }

  private static Dialect dialect(Section endpoint) throws FunctionsException {
    SourceValue value = endpoint.value("dialect");
    if (value == null || value.shape() != Shape.MAP) {
      Map<String, Dialect> known =
          Dialect.known().collect(Collectors.toMap(Dialect::label, each -> each));
      return endpoint.choice("dialect", known, Dialect.AWS);
    }
    Section own = Section.of(value, "dialect", DIALECT_KEYS);
    return new Dialect(
        "own",
        own.choice("name", NAMES, Dialect.NameForm.AS_IS),
        own.choice("qualifier", QUALIFIERS, Dialect.QualifierForm.AS_IS),
        own.choice("log_type", Map.of("send", true, "drop", false), true));
  }
}
