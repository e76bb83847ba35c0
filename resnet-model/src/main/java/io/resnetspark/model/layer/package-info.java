/**
 * DL4J layers of our own: convolution, batch normalisation with ReLU, pooling, addition with ReLU, padded shortcut,
 * dropout that can be repeated; and the paper's momentum. {@code model.graph} puts them together.
 */
package io.resnetspark.model.layer;
