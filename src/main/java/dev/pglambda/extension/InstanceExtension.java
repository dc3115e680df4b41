package dev.pglambda.extension;

import static dev.pglambda.extension.SqlTemplate.literal;

import dev.pglambda.sql.ExtensionStatement;
import dev.pglambda.sql.ExtensionStatement.Kind;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The extensions as the embedded server has them: trusted ones (PostgreSQL manual, "Extension
 * Files"), which the master user can create although it is no superuser. Their objects belong to
 * {@code rdsadmin}; the keys come from a file that the server reads, inside CREATE EXTENSION,
 * wherever it stands.
 *
 * @param trustedRoles who may create the extensions
 * @param keysFile what {@link #keys} returns, as {@code pg_read_file} finds it
 */
public record InstanceExtension(TrustedRoles trustedRoles, String keysFile) {
  /** The scripts' own way to ask for the keys, which are there already. */
  private static final Pattern ASKS_FOR_KEYS = Pattern.compile("(?s)-- section: keys\n.*");

  private static final Pattern FIRST_COMMAND = Pattern.compile("(?m)^\\\\echo .*$\n");

  private static final SqlTemplate BEGIN = SqlTemplate.named("instance_begin.sql");
  private static final SqlTemplate END = SqlTemplate.named("instance_end.sql");
  private static final SqlTemplate RENEWAL = SqlTemplate.named("instance_renewal.sql");

  /** File name → content, in ASCII. */
  public Map<String, String> files() {
    Map<String, String> files = ExtensionScript.files();
    files.replaceAll(
        (name, text) ->
            name.endsWith(".control")
                ? text.stripTrailing() + "\ntrusted = true\n"
                : script(name.substring(0, name.indexOf("--")), text));
    return files;
  }

  private String script(String extension, String text) {
    String begin =
        BEGIN.fill(
            Map.of(
                "extension", extension,
                "is_trusted", trustedRoles.condition("r"),
                "hint", literal(hint())));
    String whole =
        FIRST_COMMAND
            .matcher(text)
            .replaceFirst(line -> Matcher.quoteReplacement(line.group() + "\n" + begin + "\n"));
    if (!extension.equals("aws_lambda")) {
      return whole;
    }
    return ASKS_FOR_KEYS.matcher(whole).replaceFirst("")
        + END.fill(Map.of("file", literal(keysFile)))
        + "\n";
  }

  private String hint() {
    return "Allowed to "
        + trustedRoles.description()
        + ": see the option --trusted-roles of pg-lambda-proxy.";
  }

  /**
   * Statements for the superuser that bring the extension up to date in a database that has it:
   * functions, privileges, address and keys. They hold no secret.
   */
  public List<String> renewal() {
    ExtensionStatement update =
        new ExtensionStatement(
            Kind.ALTER_UPDATE, List.of("aws_lambda"), false, null, null, false, 0, 0, 0);
    String block =
        new ExtensionInstaller(trustedRoles).install(update, "ALTER EXTENSION aws_lambda UPDATE");
    return List.of(RENEWAL.fill(Map.of("update", literal(block), "file", literal(keysFile))));
  }

  /**
   * What the file is to hold: the row of {@code pglambda.settings} as JSON, its host the loopback
   * address unless the settings have one.
   */
  public static String keys(CallbackSettings settings) {
    Map<String, String> row = new LinkedHashMap<>();
    row.put("installation", quoted(settings.installation()));
    row.put("link_password", quoted(settings.linkPassword()));
    row.put("ipad", bytes(settings.requestKey().innerHex()));
    row.put("opad", bytes(settings.requestKey().outerHex()));
    row.put("callback_ipad", bytes(settings.callbackKey().innerHex()));
    row.put("callback_opad", bytes(settings.callbackKey().outerHex()));
    row.put("host", quoted(Objects.requireNonNullElse(settings.host(), "127.0.0.1")));
    row.put("port", Integer.toString(settings.port()));
    row.put("tls", Boolean.toString(settings.tls()));
    StringBuilder json = new StringBuilder("{\"one_row\": true");
    row.forEach((column, value) -> json.append(", \"" + column + "\": " + value));
    return json.append("}\n").toString();
  }

  private static String bytes(String hex) {
    return quoted("\\x" + hex);
  }

  /** A string of JSON, of visible ASCII. */
  private static String quoted(String text) {
    return '"' + text.replace("\\", "\\\\").replace("\"", "\\\"") + '"';
  }
}
