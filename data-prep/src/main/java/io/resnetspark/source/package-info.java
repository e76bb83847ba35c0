/**
 * Corpora where they lie, archives included: class folders, ILSVRC2012, CIFAR-10 in both its forms, lists, binaryFile
 * tables. Preparation uses it, and a company's jar adds sources to it.
 */
package io.resnetspark.source;
