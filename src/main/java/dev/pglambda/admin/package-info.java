/** What browsers and programs see of the calls: a page, a JSON API, health and metrics. */
@NullMarked
package dev.pglambda.admin;

import org.jspecify.annotations.NullMarked;
