/** What a cluster's executors are, and what is wrong with them. The command line uses it. */
package io.resnetspark.doctor;
