package dev.pglambda.extension;

import static dev.pglambda.extension.SqlTemplate.literal;

import java.util.Map;

/**
 * What {@code pg_available_extensions} and {@code pg_available_extension_versions} show where a
 * server has the extensions' files, on a server that does not.
 */
public final class AvailableExtensions {
  private static final SqlTemplate QUERY = SqlTemplate.named("available_extensions.sql");
  private static final ExtensionScript COMMONS = ExtensionScript.of("aws_commons");
  private static final ExtensionScript LAMBDA = ExtensionScript.of("aws_lambda");

  private AvailableExtensions() {}

  /**
   * A query whose rows are those of the view of this name and of the proxy's extensions, each once,
   * with the view's columns. It needs nothing of the search_path.
   *
   * <p>It has no line breaks, quotes, backslashes or {@code $$}: so it can stand in any kind of
   * quotes but those of the tag {@code $pglambda$}.
   */
  public static String query(String view) {
    return QUERY
        .fill(
            Map.of(
                "view", view,
                "commons", literal(COMMONS.name()),
                "commons_version", literal(COMMONS.version()),
                "commons_comment", literal(COMMONS.comment()),
                "lambda", literal(LAMBDA.name()),
                "lambda_version", literal(LAMBDA.version()),
                "lambda_comment", literal(LAMBDA.comment())))
        .replaceAll("\\s*\\n\\s*", " ");
  }
}
