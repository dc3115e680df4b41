/**
 * Reads what {@code --functions} names: a folder of functions, the file of routes, or a project as
 * other tools have it (SAM and CloudFormation templates, the CDK's output, Serverless services).
 * The outcome is routes as plain values; nothing here runs a function or calls an endpoint.
 */
@NullMarked
package dev.pglambda.lambda.project;

import org.jspecify.annotations.NullMarked;
