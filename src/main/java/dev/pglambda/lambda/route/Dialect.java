package dev.pglambda.lambda.route;

import dev.pglambda.lambda.FunctionName;
import dev.pglambda.lambda.FunctionReference;
import dev.pglambda.lambda.Invocation;
import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.LogType;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What an endpoint understands of the Invoke API (read in the sources of each in 2026;
 * serverless-offline was tried).
 *
 * @param label for people
 * @param name how the function is named
 * @param qualifier what becomes of the qualifier
 * @param logType whether {@code LogType} is sent; where it is not, no log comes back
 */
public record Dialect(String label, NameForm name, QualifierForm qualifier, boolean logType) {

  /** How the function is named in the path. */
  public enum NameForm {
    /** As the caller did. */
    AS_IS,
    /** The bare name. */
    BARE,
    /** {@code function}, the only name that the runtime interface emulator knows. */
    FUNCTION
  }

  /** What becomes of the qualifier. */
  public enum QualifierForm {
    /** As the caller gave it: in the name, or beside it. */
    AS_IS,
    /** Behind the name: {@code name:qualifier}. */
    SUFFIX,
    /** It is not sent. */
    DROP
  }

  public static final Dialect AWS = new Dialect("aws", NameForm.AS_IS, QualifierForm.AS_IS, true);
  public static final Dialect LOCALSTACK =
      new Dialect("localstack", NameForm.AS_IS, QualifierForm.AS_IS, true);

  /** Any query parameter is an error there, and so is {@code Tail}. */
  public static final Dialect SAM = new Dialect("sam", NameForm.BARE, QualifierForm.DROP, false);

  public static final Dialect RIE =
      new Dialect("rie", NameForm.FUNCTION, QualifierForm.DROP, false);

  /** Knows a function by one name, that of the deployed function. */
  public static final Dialect SERVERLESS_OFFLINE =
      new Dialect("serverless-offline", NameForm.BARE, QualifierForm.DROP, false);

  /** Does not look at a qualifier beside the name. */
  public static final Dialect FLOCI =
      new Dialect("floci", NameForm.AS_IS, QualifierForm.SUFFIX, true);

  /** Does not look at a qualifier beside the name. */
  public static final Dialect MOTO =
      new Dialect("moto", NameForm.AS_IS, QualifierForm.SUFFIX, true);

  /** The name is that of a binary. */
  public static final Dialect CARGO_LAMBDA =
      new Dialect("cargo-lambda", NameForm.BARE, QualifierForm.DROP, false);

  /** Those with a name. */
  public static Stream<Dialect> known() {
    return Stream.of(AWS, LOCALSTACK, SAM, RIE, SERVERLESS_OFFLINE, FLOCI, MOTO, CARGO_LAMBDA);
  }

  /** The dialect with this label. */
  public static Optional<Dialect> named(String label) {
    return known().filter(each -> each.label.equals(label)).findFirst();
  }

  /**
   * The invocation as the endpoint understands it. Fails in the service's words for names that are
   * malformed or contradict each other, unless they are sent as they are.
   */
  public Invocation translate(Invocation invocation) throws InvocationException {
    if (name == NameForm.AS_IS && qualifier == QualifierForm.AS_IS && logType) {
      return invocation;
    }
    FunctionReference function = FunctionReference.of(invocation);
    return new Invocation(
        functionName(invocation, function.name(), function.qualifier()),
        invocation.region(),
        invocation.invocationType(),
        logType ? invocation.logType() : LogType.NONE,
        invocation.clientContext(),
        qualifier == QualifierForm.AS_IS ? invocation.qualifier() : null,
        invocation.payload(),
        invocation.connectTimeout(),
        invocation.requestTimeout(),
        invocation.traceHeader());
  }

  private String functionName(
      Invocation invocation, String bareName, @Nullable String functionQualifier) {
    String given = invocation.functionName();
    String suffix = functionQualifier == null ? "" : ":" + functionQualifier;
    boolean suffixed = FunctionName.parse(given).map(FunctionName::qualifier).isPresent();
    String sentName =
        switch (name) {
          case AS_IS -> suffixed ? given.substring(0, given.length() - suffix.length()) : given;
          case BARE -> bareName;
          case FUNCTION -> "function";
        };
    return switch (qualifier) {
      case AS_IS -> suffixed ? sentName + suffix : sentName;
      case SUFFIX -> sentName + suffix;
      case DROP -> sentName;
    };
  }
}
