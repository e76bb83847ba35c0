/**
 * Recipes: HOCON to records, strictly. Every key, with its meaning and its default, stands in {@code defaults.conf};
 * {@link Key} tells them to the reference page. All of training uses it, and so do plans.
 */
package io.resnetspark.train.recipe;
