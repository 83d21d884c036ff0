"""What the pages have where they are published, beside what they have anywhere.

The address follows from the repository's: ``repository`` in ``_config.yml``, or
UNROLLED_REPOSITORY, which a workflow sets from its own: "owner/name". Without
one there is no button that would lead nowhere.
"""

import os
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.config import Config

LOST = """\
<h1>This page is not here</h1>
<p>It may have another name now. The search finds it by what it says.</p>
"""


def begin(app: Sphinx, config: Config) -> None:
    """Set what the theme and the extensions need to know."""
    owner, name = config.repository.split("/")
    at = f"https://github.com/{owner}/{name}"
    config.html_baseurl = f"https://{owner}.github.io/{name}/"
    config.html_theme_options |= {
        "repository_url": at,
        "repository_branch": "main",
        "use_repository_button": True,
        "use_issues_button": True,
        "use_edit_page_button": True,
        "launch_buttons": {
            "notebook_interface": "jupyterlab",
            "binderhub_url": "https://mybinder.org",
            "colab_url": "https://colab.research.google.com",
        },
    }
    config.notfound_urls_prefix = f"/{name}/"
    config.notfound_context = {"title": "Not found", "body": LOST}
    config.ogp_site_url = config.html_baseurl
    config.ogp_site_name = config.html_title


def finish(app: Sphinx, error: Exception | None) -> None:
    """Tell search engines every page."""
    names = sorted(app.env.found_docs)
    pages = [app.config.html_baseurl + f"{name}.html" for name in names]
    Path(app.outdir, "sitemap.txt").write_text("\n".join(pages) + "\n")


def setup(app: Sphinx) -> dict[str, bool]:
    """Join Sphinx, if the repository is known."""
    app.add_config_value("repository", "", "html")
    app.config.repository = app.config.repository or os.environ.get(
        "UNROLLED_REPOSITORY", ""
    )
    if app.config.repository:
        app.setup_extension("notfound.extension")
        app.setup_extension("sphinxext.opengraph")
        app.connect("config-inited", begin, priority=400)
        app.connect("build-finished", finish)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
