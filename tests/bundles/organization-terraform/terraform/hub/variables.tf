# gwinfra sets these to the digests that it resolved when it planned.
variable "litellm_image" {
  description = "Image of LiteLLM"
  type        = string
  default     = "ghcr.io/berriai/litellm:v1.102.4"
}

variable "middleware_image" {
  description = "Image of the middleware"
  type        = string
  default     = "111122223333.dkr.ecr.us-east-1.amazonaws.com/acme-llm/middleware:0.1.0"
}

variable "wait_for_deployment" {
  description = "Whether an apply ends only when the new tasks serve and the old ones are gone"
  type        = bool
  default     = true
}
