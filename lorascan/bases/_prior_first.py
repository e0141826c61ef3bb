"""How pipelines are used whose prior is drawn from before their decoder."""

from lorascan.bases._contract import Contract, Half


def prior_first(half: Half = "bfloat16") -> Contract:
    """The contract of Würstchen and Stable Cascade, which share their pipelines' face."""
    return Contract(
        places={"prior": "prior_prior", "text_encoder": "prior_text_encoder"},
        tokenizer="prior_tokenizer",
        states="last",
        half=half,
        guidance=("prior_guidance_scale",),
        drawing={"prior_num_inference_steps": 20},
        batched=False,
        searching={"prior_guidance_scale": 0.0, "prior_num_inference_steps": 1},
        cell=lambda pipeline: float(pipeline.prior_pipe.config.resolution_multiple),
    )
