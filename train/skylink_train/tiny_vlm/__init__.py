"""Tiny random vision-language models in the Hugging Face ONNX layout: test fixtures, no use otherwise."""
