# Lets LiteLLM load configurations as it does when it starts, and prints for each of them why it would not start (null: it
# would). With no configuration it prints the keys that LiteLLM reads in its sections.
import asyncio, json, os, sys

for name in ["LITELLM_LOCAL_MODEL_COST_MAP", "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS", "LITELLM_LOCAL_BLOG_POSTS"]:
    os.environ[name] = "True"
os.environ |= {"OPENAI_API_KEY": "sk-none", "SECOND_ROLE": "arn:aws:iam::333333333333:role/second"}
# What LiteLLM prints while it loads is not the result.
result, sys.stdout = sys.stdout, sys.stderr

import litellm
from litellm.proxy import proxy_server
from litellm.proxy._types import ConfigGeneralSettings


async def load(path):
    try:
        await proxy_server.ProxyConfig().load_config(router=None, config_file_path=path)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


if sys.argv[1:]:
    answer = {path: asyncio.run(load(path)) for path in sys.argv[1:]}
else:
    outside = proxy_server.ROUTER_SETTINGS_MANAGED_OUTSIDE_CONFIG
    answer = {
        "router_settings": sorted(set(litellm.Router.get_valid_args()) - set(outside) - {"self"}),
        "general_settings": sorted(ConfigGeneralSettings.model_fields),
    }
print(json.dumps(answer), file=result)
