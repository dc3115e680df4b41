package dev.pglambda.lambda.route;

import java.util.Optional;
import java.util.stream.Stream;

/**
 * What an endpoint understands of the Invoke API (read in the sources of each in 2026;
 * serverless-offline was tried).
 *
 * @param label for people
 * @param name how the function is named
 * @param qualifier what becomes of the qualifier
 * @param logType whether {@code LogType} is sent
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

  public static final Dialect AWS =
      new Dialect("aws", NameForm.AS_IS, QualifierForm.AS_IS, true);
  public static final Dialect LOCALSTACK =
      new Dialect("localstack", NameForm.AS_IS, QualifierForm.AS_IS, true);
  public static final Dialect SAM = new Dialect("sam", NameForm.BARE, QualifierForm.DROP, false);
  public static final Dialect RIE =
      new Dialect("rie", NameForm.FUNCTION, QualifierForm.DROP, true);
  public static final Dialect SERVERLESS_OFFLINE =
      new Dialect("serverless-offline", NameForm.BARE, QualifierForm.DROP, false);

  /** Those with a name. */
  public static Stream<Dialect> known() {
    return Stream.of(AWS, LOCALSTACK, SAM, RIE, SERVERLESS_OFFLINE);
  }

  /** The dialect with this label. */
  public static Optional<Dialect> named(String label) {
    return known().filter(each -> each.label.equals(label)).findFirst();
  }
}
