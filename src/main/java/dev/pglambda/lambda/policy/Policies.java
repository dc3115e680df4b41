package dev.pglambda.lambda.policy;

import dev.pglambda.lambda.FunctionReference;
import dev.pglambda.lambda.InvocationException;
import dev.pglambda.lambda.ServiceErrors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What roles may call, decided as IAM decides it: a statement that denies wins, and what no
 * statement allows is denied. Immutable.
 *
 * <p>A file's policy belongs to the role of calls for which none is set ({@link
 * IamRole#GUIDES_NAME}). So do the files of a folder; a folder in that folder has the name of a
 * role, and the policies of that role. Only files named {@code *.json} are read in folders, and
 * what begins with a dot is not.
 */
public final class Policies {
  /** Why a call is refused that no statement speaks of: the end of the sentence. */
  public static final String NOT_ALLOWED =
      "because no identity-based policy allows the lambda:InvokeFunction action";

  private static final String DENIED = "with an explicit deny in an identity-based policy";

  private final Map<String, List<PolicyStatement>> statementsByRole;
  private final String account;

  private Policies(Map<String, List<PolicyStatement>> statementsByRole) {
    this.statementsByRole = statementsByRole;
    this.account =
        statementsByRole.getOrDefault(IamRole.GUIDES_NAME, List.of()).stream()
            .map(PolicyStatement::account)
            .flatMap(Optional::stream)
            .findFirst()
            .orElse(FunctionReference.ACCOUNT);
  }

  /**
   * Reads policies of roles.
   *
   * @param paths files and folders
   */
  public static Policies read(List<Path> paths) throws PolicyException {
    Map<String, List<PolicyStatement>> statements = new HashMap<>();
    for (Path path : paths) {
      if (Files.isDirectory(path)) {
        for (Path entry : entries(path)) {
          if (!Files.isDirectory(entry)) {
            readInto(statements, IamRole.GUIDES_NAME, List.of(entry));
          } else {
            readInto(statements, entry.getFileName().toString(), entries(entry));
          }
        }
      } else {
        readInto(statements, IamRole.GUIDES_NAME, List.of(path));
      }
    }
    if (statements.isEmpty()) {
      throw new PolicyException(paths.toString(), "no policy of a role", "at least one *.json");
    }
    return new Policies(statements);
  }

  private static void readInto(
      Map<String, List<PolicyStatement>> statements, String role, List<Path> files)
      throws PolicyException {
    for (Path file : files) {
      PolicyDocument.read(file)
          .ifPresent(
              document ->
                  statements
                      .computeIfAbsent(role, unused -> new ArrayList<>())
                      .addAll(document.statements()));
    }
  }

  /** Folders and documents, by name. */
  private static List<Path> entries(Path folder) throws PolicyException {
    try (Stream<Path> entries = Files.list(folder)) {
      return entries
          .filter(entry -> !entry.getFileName().toString().startsWith("."))
          .filter(entry -> Files.isDirectory(entry) || entry.toString().endsWith(".json"))
          .sorted()
          .toList();
    } catch (IOException unreadable) {
      throw new PolicyException(folder.toString(), unreadable.toString(), "a readable folder");
    }
  }

  /**
   * Why a role may not call a function, in the words of AWS; null: it may. A function that is named
   * without an account is in the account of the role that calls.
   *
   * @param roleArn who calls; null: {@link IamRole#GUIDES_NAME}, in the account that its policies
   *     name first
   */
  public @Nullable InvocationException refusal(
      FunctionReference function, @Nullable String roleArn) {
    IamRole role =
        roleArn == null
            ? IamRole.ofGuide(function.partition(), account)
            : IamRole.parse(roleArn).orElse(null);
    if (role == null) {
      return ServiceErrors.refused(
          "role: %s (expected: arn:aws:iam::<account>:role/<name>)".formatted(roleArn));
    }
    PolicyRequest request = new PolicyRequest(located(function, role.account()), role);
    List<PolicyStatement> speaking =
        statementsByRole.getOrDefault(role.name(), List.of()).stream()
            .filter(statement -> statement.speaksOf(request))
            .toList();
    if (!speaking.stream().allMatch(PolicyStatement::allows)) {
      return denied(request, DENIED);
    }
    return speaking.isEmpty() ? denied(request, NOT_ALLOWED) : null;
  }

  private static FunctionReference located(FunctionReference function, String account) {
    return function.account().equals(FunctionReference.ACCOUNT)
        ? new FunctionReference(
            function.partition(), function.region(), account, function.name(), function.qualifier())
        : function;
  }

  private static InvocationException denied(PolicyRequest request, String because) {
    return ServiceErrors.accessDenied(request.role().principal(), request.function(), because);
  }
}
