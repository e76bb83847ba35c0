/**
 * A network's weights for others: safetensors with torchvision's names, and an ONNX file. Artifacts, with import and
 * export, use it.
 */
package io.resnetspark.model.weights;
