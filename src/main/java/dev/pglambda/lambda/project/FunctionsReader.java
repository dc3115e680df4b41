package dev.pglambda.lambda.project;

import dev.pglambda.lambda.route.Endpoint;
import dev.pglambda.lambda.route.FunctionPattern;
import dev.pglambda.lambda.route.Route;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the values of {@code --functions}. Each is a folder of functions, a folder that the CDK
 * made, a file (routes, a template of SAM or CloudFormation, a Serverless service), or endpoints in
 * short form: {@code a=http://a:9001,b=http://b:9001}. Blocks on files: not for an event loop.
 */
public final class FunctionsReader {
  private static final Pattern SHORT_FORM = Pattern.compile("[^=,/\\\\]+=https?://.*");
  private static final Set<String> EXTENSIONS = Set.of("yaml", "yml", "json");
  private static final String OPTION = "--functions";

  private FunctionsReader() {}

  /**
   * Reads all values; the routes of an earlier one come first.
   *
   * @param values of the option, at least one
   * @param base folder where relative paths begin
   * @param environment the proxy's own variables, null for one that is not set
   * @param before routes that there are, whose canned replies stay if their files are broken now
   */
  public static FunctionsConfiguration read(
      List<String> values,
      Path base,
      Function<String, @Nullable String> environment,
      List<Route> before)
      throws FunctionsException {
    Findings findings = new Findings(environment, before);
    try {
      for (String value : values) {
        read(value, base.toAbsolutePath(), findings);
      }
      return findings.configuration();
    } catch (InvalidPathException malformed) {
      throw new FunctionsException(
              "%s: a path: %s (expected: one that a file can have)"
                  .formatted(OPTION, malformed.getReason()))
          .watching(findings.watched());
    } catch (FunctionsException unusable) {
      throw unusable.watching(findings.watched());
    }
  }

  private static void read(String value, Path base, Findings findings) throws FunctionsException {
    if (SHORT_FORM.matcher(value).matches()) {
      readShortForm(value, findings);
      return;
    }
    Path path = base.resolve(value).normalize();
    if (Files.isDirectory(path)) {
      if (CloudAssembly.is(path)) {
        CloudAssembly.read(path, findings);
      } else {
        new FunctionsFolder(path, findings).read();
      }
    } else if (Files.exists(path)) {
      readFile(path, findings);
    } else {
      findings.watch(path);
      throw new FunctionsException(
          "%s: %s: not there (expected: a folder, a file, or name=url,name=url)"
              .formatted(OPTION, path));
    }
  }

  private static void readShortForm(String value, Findings findings) throws FunctionsException {
    for (String part : value.split(",", -1)) {
      int equals = part.indexOf('=');
      FunctionPattern pattern =
          FunctionPattern.parse(part.substring(0, Math.max(equals, 0)).strip()).orElse(null);
      URI url = EndpointSection.url(part.substring(equals + 1).strip()).orElse(null);
      if (pattern == null || url == null) {
        // The message does not repeat the text, in which there may be a password.
        throw new FunctionsException(
            "%s: part %d of name=url,name=url: another form (expected: name=url, the url with %s)"
                .formatted(
                    OPTION,
                    List.of(value.split(",", -1)).indexOf(part) + 1,
                    EndpointSection.URL_FORM));
      }
      findings.add(Route.of(pattern, Endpoint.of(url)));
    }
  }

  private static void readFile(Path file, Findings findings) throws FunctionsException {
    findings.watch(file);
    if (!EXTENSIONS.contains(LocalCode.extension(file.getFileName().toString()))) {
      throw new FunctionsException(
          "%s: %s: not YAML or JSON by its name (expected: .yaml, .yml or .json)"
              .formatted(OPTION, file));
    }
    SourceValue root = SourceFile.read(file);
    if (CloudFormationTemplate.is(root)) {
      CloudFormationTemplate.read(
          file, root, Intrinsics.stackOf(file.resolveSibling("")), findings);
    } else if (ServerlessService.is(root)) {
      ServerlessService.read(file.resolveSibling(""), root, findings);
    } else {
      new FunctionsFile(file.resolveSibling(""), findings).read(root);
    }
  }
}
