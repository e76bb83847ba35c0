/**
 * Directories that appear whole or not at all, with digests, on any Hadoop path; journals and leases made of the same
 * renames; files of any name in any locale, and text that is UTF-8. Knows no other package of ours; all but the model
 * may depend on it.
 */
package io.resnetspark.storage;
