/**
 * Directories that appear whole or not at all, with digests, on any Hadoop path; journals and leases made of the same
 * renames; files of any name in any locale, text that is UTF-8, and the errors that a user can fix. Knows no other
 * package of ours; all modules but resnet-model use it.
 */
package io.resnetspark.storage;
